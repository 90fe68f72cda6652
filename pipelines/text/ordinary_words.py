"""Words of reports in other languages, and words that are names less often than words."""

GERMAN = """
hüft hirn tep ösophagus oesophagus nachsorge vorsorge biopsie punktion schaden schwellung läsion
verkalkung insuffizienz stenose verschluss prellung distorsion luxation spalt kanal höhle wand rand
lappen segment oberlappen unterlappen mittellappen pleura winkel schatten befall wachstum rezidiv
progress remission status dichte volumen lymph staging wirbel wirbelkörper hüftgelenk mamma
gelenkspalt rö röntgen sono eb z.n. n. bds tumorverlauf durchleuchtung aufnahme aufnahmen
untersuchung untersuchungen befund befunde befundung beurteilung fragestellung anamnese verlauf
verlaufskontrolle kontrolle voraufnahme voruntersuchung vergleich indikation diagnose verdacht
zustand nach vor bei mit ohne und oder der die das des dem den ein eine einer eines von vom zur zum
im in am an auf aus als bis durch für gegen unter über links rechts beidseits li re seitlich schädel
kopf hals brust brustkorb bauch becken rücken wirbelsäule hws bws lws isg schulter ellenbogen arm
unterarm oberarm hand handgelenk finger daumen hüfte knie kniegelenk bein oberschenkel unterschenkel
sprunggelenk fuß fuss vorfuß ferse zehe zehen auge augen ohr nase nasennebenhöhlen nnh kiefer zahn
zunge herz lunge lungen leber milz niere nieren galle gallenblase magen darm dünndarm dickdarm blase
prostata gebärmutter eierstock schilddrüse lymphknoten gefäß gefäße arterie vene knochen gelenk
muskel sehne band meniskus bandscheibe gehirn rückenmark nerv tumor tumoren metastase metastasen
herd herde zyste blutung blutungen thrombose embolie infarkt entzündung abszess fraktur frakturen
bruch riss erguss ödem stein steine schmerz schmerzen kontrastmittel km nativ arteriell venös
spätphase schichtdicke schicht schichten ebenen ebene stehend liegend seitenlage bauchlage
rückenlage atemanhalten gabe spritze allergie patient patientin patienten frau herr kind säugling
klein groß gross kurz lang jung alt weiß schwarz grün braun rot blau berg feld wald bach übersicht
schädelbasis felsenbein hypophyse orbita karzinom mammakarzinom bronchialkarzinom lobektomie
resektion operation op postoperativ präoperativ ausschluss bitte keine kein unauffällig regelrecht
altersentsprechend größe breite länge gesamt serie notaufnahme ambulanz stationär ambulant
sprechstunde kardiologie neurologie pneumologie onkologie pädiatrie gynäkologie urologie chirurgie
unfallchirurgie orthopädie intensivstation abteilung abklärung raumforderung rundherd rundherde
läsionen herdbefund akut akute akuten chronisch chronische leicht leichte mäßig mäßige schwer
schwere monate monaten jahre jahren tage tagen wochen woche vordere hintere obere untere arterien
venen koronar koronararterien husten atemnot luftnot schwindel übelkeit erbrechen gewichtsverlust
gewichtsabnahme raucher nichtraucher bluthochdruck diabetiker niereninsuffizienz herzinsuffizienz
pneumonie lungenentzündung pleuraerguss blinddarm gallenstein gallensteine lymphom leukämie
chemotherapie strahlentherapie bestrahlung herzschrittmacher schrittmacher schwanger schwangerschaft
sturz unfall klagt seit rückruf erwünscht rückfragen zunahme abnahme kopfschmerzen rückenschmerzen
knieschmerzen schulterschmerzen prothese endoprothese narbe narben ggf evtl bzgl rheumatoide
arthritis cholestase dimere erhöht vergrößert vergrößerte steatosis hepatis angehörige procedere
besprochen informiert zvk tubus innere vorjahr unverändert hämangiom klappen gang gänge klinik
kliniken morbus patientennummer patientenname fallnummer geburtsdatum zuweisung überweisung
anforderung bemerkung hinweis empfehlung vorbefund nebenbefund seitenvergleich rechtsseitig
linksseitig gewicht röhrenknochen osteolyse osteolysen marknagel nagel platte schraube schrauben
hüftgelenksnah hüftgelenksnahe geplant bittet wechselnd atemlage lage
"""
FRENCH = """
le la les un une des du de au aux et ou avec sans pour par sur sous dans chez entre après avant
droit droite gauche bilatéral tête crâne cou thorax poumon poumons coeur abdomen ventre bassin
rachis dos épaule coude poignet main doigt pouce hanche genou cheville pied jambe bras avant-bras
oeil oreille nez bouche dent langue foie rate rein reins vésicule estomac intestin vessie utérus
ovaire thyroïde sein seins cerveau moelle nerf os muscle tendon ligament disque ménisque tumeur
tumeurs métastase nodule kyste hémorragie thrombose embolie infarctus abcès fracture épanchement
oedème calcul douleur douleurs fièvre toux contrôle suivi bilan recherche examen examens scanner irm
échographie radiographie cliché clichés face profil injection injecté produit contraste iode
allergie antécédents histoire indication résultat compte rendu conclusion technique coupe coupes
axiale axiales coronale sagittale séquence séquences patiente patient homme femme enfant petit grand
blanc noir vert brun rouge long court jeune vieux chirurgie opéré traitement chimiothérapie
radiothérapie cérébral cérébrale hépatique rénal rénale pulmonaire cardiaque osseuse lombaire
cervical cervicale dorsal dorsale sacré pelvien pelvienne urgences consultation hospitalisation
cardiologie neurologie pneumologie oncologie pédiatrie gynécologie urologie réanimation imagerie
suspicion éliminer évaluer augmentation taille lésion lésions masse foyer foyers aiguë aigu
chronique léger légère modéré modérée sévère mois ans jours semaines antérieur postérieur supérieur
inférieur artère artères veine veines aorte coronaire coronaires entorse rupture déchirure arthrose
scoliose sciatique lombalgie céphalées vertiges vomissements dyspnée amaigrissement tabac tabagisme
fumeur hypertension diabète diabétique insuffisance pneumopathie appendicite lithiase myélome
lymphome leucémie enceinte grossesse séquelles scaphoïde carpien déplacement fistule iléale
comparaison maladie motif renseignements cliniques demande médecin contexte absence présence aspect
stable normal
"""
SPANISH = """
el la los las un una unos de del al y o con sin para por sobre en entre tras antes después derecho
derecha izquierdo izquierda bilateral cabeza cráneo cuello tórax pulmón pulmones corazón abdomen
pelvis columna espalda hombro codo muñeca mano dedo pulgar cadera rodilla tobillo pie pierna brazo
ojo oído nariz boca diente lengua hígado bazo riñón vesícula estómago intestino vejiga útero ovario
tiroides mama mamas cerebro médula nervio hueso músculo tendón ligamento disco menisco tumor
metástasis nódulo quiste hemorragia trombosis embolia infarto absceso fractura derrame edema cálculo
dolor fiebre tos control seguimiento estudio examen resonancia magnética tomografía ecografía
radiografía contraste alergia antecedentes historia indicación resultado conclusión técnica cortes
axial coronal sagital secuencia paciente hombre mujer niño niña blanco negro verde rojo largo corto
joven viejo cirugía tratamiento urgencias planta consulta consultas externa externas servicio unidad
cuidados intensivos cardiología neurología neumología traumatología oncología pediatría ginecología
urología radiología diagnóstico diagnóstica imagen sospecha descartar valorar aumento disminución
tamaño lesión lesiones masa foco focos aguda agudo crónica crónico leve moderada severa alterado
meses años días semanas refiere solicita previo previa arterias venas aorta coronaria coronarias
trombo disnea cefalea mareo vómitos náuseas pérdida peso fumador exfumador hipertensión hipertenso
diabetes diabético dislipemia cardiopatía isquémica insuficiencia neumonía apendicitis colelitiasis
litiasis nefrolitiasis mieloma linfoma leucemia tumoral quimioterapia radioterapia marcapasos
embarazo embarazada gestante grado ganglio ganglios mediastínicos mediastínico residuo miccional
imagenología masculino femenino oblicua simple antecedente comparación enfermedad motivo datos
clínicos médico solicitud ausencia presencia aspecto estable
"""
ITALIAN = """
il lo la i gli le un uno una di del della dei delle al alla con senza per su sotto in tra fra dopo
prima destro destra sinistro sinistra bilaterale testa cranio collo torace polmone polmoni cuore
addome bacino colonna schiena spalla gomito polso mano dito pollice anca ginocchio caviglia piede
gamba braccio occhio orecchio naso bocca dente lingua fegato milza rene reni colecisti stomaco
intestino vescica utero ovaio tiroide mammella seno cervello encefalo midollo nervo osso muscolo
tendine legamento disco menisco tumore metastasi nodulo cisti emorragia trombosi embolia infarto
ascesso frattura versamento edema calcolo dolore febbre tosse controllo studio esame esami risonanza
magnetica tac ecografia radiografia mezzo contrasto allergia anamnesi indicazione referto
conclusioni tecnica scansioni assiale coronale sagittale paziente uomo donna bambino bianco nero
verde rosso lungo corto giovane chirurgia terapia pronto soccorso reparto ambulatorio cardiologia
neurologia pneumologia oncologia pediatria ginecologia urologia radiologia sospetto sospetta
escludere valutare valutazione aumento dimensioni lesione lesioni massa focolaio focolai acuto acuta
cronico cronica lieve moderata mesi anni giorni settimane anteriore posteriore superiore inferiore
mediale laterale arterie vene coronarie dispnea cefalea vertigini vomito calo ponderale fumatore
ipertensione iperteso diabete diabetico insufficienza polmonite appendicite colelitiasi litiasi
mieloma linfoma leucemia chemioterapia radioterapia postoperatorio gravidanza lombalgia richiede
esiti noto sostanza bianca iperintensità gliotiche gliotica globuli ridotti rachide ernia invariato
multiple ecodoppler confronto malattia quesito diagnostico clinico dati richiesta assenza presenza
aspetto stabile
"""
DUTCH = """
de het een van en of met zonder voor door op onder in tussen na links rechts beiderzijds hoofd
schedel hals nek borst borstkas thorax long longen hart buik bekken wervelkolom rug schouder
elleboog pols hand vinger duim heup knie enkel voet been arm oog oor neus mond tand tong lever milt
nier nieren galblaas maag darm blaas baarmoeder eierstok schildklier mamma hersenen ruggenmerg zenuw
bot spier pees band meniscus tumor metastase metastasen nodus cyste bloeding trombose embolie
infarct abces fractuur breuk oedeem steen pijn koorts hoest controle onderzoek echografie röntgen
röntgenfoto contrast contrastmiddel allergie voorgeschiedenis indicatie verslag conclusie techniek
coupes axiaal coronaal sagittaal opname opnamen patiënt patiënte man vrouw kind klein groot wit
zwart groen bruin rood lang kort jong oud operatie spoedeisende afdeling polikliniek cardiologie
neurologie longziekten oncologie kindergeneeskunde gynaecologie urologie verdenking uitsluiten
beoordelen toename afname grootte laesie laesies haard haarden acuut acute chronisch chronische
licht lichte matig matige ernstig ernstige maanden jaar dagen weken voorste achterste bovenste
onderste slagader aders coronairen benauwd kortademig duizelig misselijk braken gewichtsverlies
roker hypertensie suikerziekte nierinsufficiëntie hartfalen longontsteking galstenen lymfoom
leukemie chemotherapie bestraling zwanger klachten gevallen akkoord heeft prothese periventriculair
stof mammacarcinoom longcarcinoom vergelijking ziekte vraagstelling gegevens aanvraag afwezig
aanwezig stabiel klinische
"""
ENGLISH = """
newborn center centers stocking span lever coral dodge bangs lint curl lump bump hump pickle
crane burst jet trail gate gates grade graded grades scale scales score scores phase phases
stage stages level levels target targets rule ruled rules order orders ordered request requested
follow following change changed changes pace paced pacing wires plain simple quick rest stress
load loading feed feeding tap taps staples buckle crush crushed twist twisted bend bent drop jam
pinch pull pulled push pushed blow hit struck kick kicked bite dog cat horse ladder stairs steps
ice bike motorcycle car truck football soccer basketball hockey ski skiing tennis rugby lacrosse
volleyball gym lent mercury silver gold lead iron copper nickel steel titanium glass metal
plastic paper read reads reader readers marked marker markers bolus dash dots spots speck specks
blanks wick poll worms spear lance lancet flap flaps grafts seed seeds tube tubes cable cables
block blocks dose doses rate rates ratio angle angles axis axes plane planes slice slices slab
slabs step table gantry sunday monday tuesday wednesday thursday friday saturday today yesterday
tomorrow morning noon version via vide med spine trunk tract boot boots brace cast casts crutch
splint sling sample samples smear swab culture stain wet dry pack packs packed packing gauze
sponge needle oral orals rectal nasal buccal topical inhaled venous vega sole jasmine basil sage
olive berry berries cherry plum peach lemon nutmeg apple cotton wool popcorn tree bud buds stack
stacks honeycomb hash comb comet snow storm whirl bull spoke wheel scotty candle wax drip puff
coffee tea salt sugar milk egg eggs nut nuts fish shellfish shrimp strep staph chip chips chart
charts fibroid fibroids lobe lobes
"""
"""Also names; in a report they are words."""

NAMES = """
philippa annelies maximilian balthazar wilhelmina ferdinand leopold rosalind marguerite henrietta
winifred beatrix cornelis pieter joost willem maarten sander bram daan thijs sjoerd femke sanne
anouk marijke liesbeth gijs ruud arjen henk kees piet jaap joris lotte maaike saskia tineke ingeborg
gudrun hedwig irmgard elfriede hannelore rosemarie lieselotte waltraud gerlinde roswitha siegfried
reinhard eberhard lothar detlef volker rudiger ruediger gottfried ekkehard hartmut wilfried ottokar
xaver alois korbinian vinzenz severin valentin benedikt konstantin clemens moritz felix jonas lukas
niklas tobias fabian florian dominik raphael gabriel aleksander aleksandra agnieszka malgorzata
katarzyna krzysztof wojciech zbigniew stanislaw stanislawa kazimierz boguslaw przemyslaw grzegorz
tadeusz jadwiga halina danuta bozena ewelina magdalena zofia zuzanna svetlana tatiana natalia olga
irina ludmila galina yelena dmitri sergei nikolai vladimir vsevolod anatoly gennady yevgeny bogdan
miroslav vladislav jaroslav bohumil frantisek zdenek lubomir katerina marketa lenka jitka blazej
istvan laszlo gyorgy zoltan ferenc jozsef katalin erzsebet ildiko zsofia ioannis dimitrios
konstantinos georgios vasilis panagiotis eleni sophia polyxeni polyxenia kalliopi mehmet mustafa
ahmet huseyin ibrahim osman emre burak fatma ayse emine hatice zeynep gulsahane mohammed muhammad
mohamed ahmed khaled omar youssef yusuf hassan hussein fatima khadija khadijatul aisha mariam layla
noor abdullah abdulrahman rashid tariq samir nadia leila rajesh sanjay vijay suresh ramesh anil
sunil deepak priya lakshmi anjali kavita sunita pooja neha hiroshi takeshi kenji satoshi akira yuki
haruto sakura yoko keiko naoko tomoko hanayo taroji wei xiaoming jianguo meiling guowei seoyeon
jihoon minjun gildong hyejin soojin chidi ngozi chinedu oluwaseun adebayo kwame kofi amara folasade
temitope juana begona joaquin ignacio guadalupe xavier rocio lourdes inmaculada montserrat almudena
rosario giuseppe giovanni francesco alessandro lorenzo matteo giulia francesca chiara federica
valentina joao goncalo tiago rui catarina joana mafalda conceicao bjorn lars anders soren jens nils
gunnar sigurd astrid ingrid solveig freya kirsten mette aoife niamh siobhan ciaran eoghan padraig
seamus caoimhe eloise celeste genevieve thibault benoit guillaume francois stephane sebastien
aurelie yehonatan eliezer shlomo moshe avraham yitzhak chaim rivka tzipora
sean roger nick sally tom john frank julian sebastian teddy mary adrian hans emily jack billy
chuck mike buddy sue rob christian jesus lily emma anna ella eva lena lea mia lara nina klaus
jurgen juergen wolfgang dieter heinz horst uwe gerhard manfred rainer holger torsten thorsten
stefan matthias andreas markus sabine petra ursula monika renate ingrid helga brigitte christa
gisela heike silke anke antje birgit kerstin ulrike susanne katharina johanna friedrich heinrich
wilhelm karl ludwig gunther gunter guenther jean pierre michel philippe alain nicolas patrick
laurent thierry olivier francois jacques bernard isabelle nathalie sylvie sandrine valerie
celine aurelie camille amelie mathieu mathilde guillaume giuseppe giovanni luigi vincenzo pietro
salvatore francesco alessandro andrea marco matteo lorenzo giulia chiara francesca alessandra
paola elena federica silvia giorgia jose juan carlos miguel javier francisco antonio manuel
pedro pablo sergio fernando alejandro diego rafael maria carmen dolores pilar lucia josefa
rosario mercedes concepcion guadalupe pieter jan kees willem hendrik johannes cornelis gerrit
anneke marijke willemijn sander maarten joost sven bjorn lars erik anders astrid sigrid olaf
magnus soren jens henrik mikkel kirsten muller mueller schmidt schneider fischer weber meyer
wagner becker schulz hoffmann schafer schaefer koch bauer richter schroder schroeder neumann
schwarz zimmermann braun kruger krueger hofmann hartmann lange schmitt werner schmitz krause
meier lehmann schmid schulze maier kohler koehler herrmann konig koenig walter mayer huber
kaiser fuchs peters lang scholz moller moeller weiss jung hahn schubert vogel keller berger
winkler roth beck lorenz baumann franke albrecht schuster simon bohm boehm winter kraus martin
schumacher kramer kraemer vogt stein jager jaeger otto sommer gross seidel brandt haas schreiber
graf schulte dietrich ziegler kuhn kuehn pohl engel horn busch bergmann thomas voigt sauer
arnold wolff pfeiffer mustermann musterfrau dubois robert richard petit durand leroy moreau
lefebvre garcia david bertrand roux vincent fournier morel girard andre lefevre mercier dupont
lambert bonnet martinez legrand garnier faure rousseau blanc guerin henry roussel perrin morin
clement gauthier dumont lopez fontaine chevalier robin masson sanchez gerard nguyen boyer denis
lemaire duval joly gautier roche roy noel lucas meunier perez marchand dufour blanchard rossi
russo ferrari esposito bianchi romano colombo ricci marino greco bruno gallo conti deluca
mancini costa giordano rizzo lombardi moretti barbieri fontana santoro mariani rinaldi caruso
ferrara galli martini leone longo gentile martinelli vitale lombardo serra coppola desantis
dangelo marchetti parisi gonzalez rodriguez fernandez gomez jimenez ruiz hernandez diaz moreno
munoz alvarez romero alonso gutierrez navarro torres dominguez vazquez ramos gil ramirez serrano
blanco molina dejong jansen devries vandenberg vandijk bakker janssen visser smit meijer deboer
mulder degroot bos vos hendriks dekker dijkstra smits degraaf vandermeer vanderlinden kok jacobs
dehaan vermeulen vandenheuvel hansen johansen olsen larsen andersen pedersen nilsen kristiansen
jensen karlsen johansson andersson karlsson nilsson eriksson larsson olsson persson svensson
gustafsson nielsen christensen rasmussen sorensen jorgensen madsen virtanen korhonen makinen
nieminen nowak kowalski kowalska wisniewski wojcik kowalczyk kaminski lewandowski zielinski
szymanski wozniak ivanov ivanova smirnov kuznetsov popov sokolov lebedev kozlov novikov morozov
petrov volkov tanaka suzuki sato saito watanabe ito yamamoto nakamura kobayashi kato yoshida
yamada sasaki yamaguchi matsumoto inoue kimura hayashi shimizu yamazaki mori abe ikeda hashimoto
ishikawa ogawa okada hasegawa hiroshi takashi kenji akira makoto yoko keiko kazuko michiko yuki
haruka taro hanako wang zhang chen yang zhao huang zhou xu sun hu zhu gao lin guo luo zheng
liang xie tang deng feng xiao cheng zeng peng lu su cai jia ding wei xue ye yu pan dai fu fang
zou xiong meng qin kim choi kang cho yoon jang lim seo shin kwon hwang ahn song yoo hong jeon
minjun seoyeon tran pham huynh hoang phan dang bui ngo duong singh kumar sharma gupta patel khan
ali ahmed hussain hassan mohammed muhammad mohamed ahmad ibrahim fatima aisha omar yusuf
abdullah mehmet mustafa ayse yilmaz kaya demir celik sahin yildiz ozturk aydin santos silva
souza sousa oliveira pereira lima carvalho ferreira ribeiro almeida gomes joao papadopoulos
georgiou nikolaidis dimitriou
"""
"""Names that no dictionary of names has, or that are counted as words."""

PLACES = """
london paris berlin munich munchen vienna wien zurich rome roma madrid barcelona amsterdam
rotterdam brussels dublin edinburgh glasgow manchester liverpool birmingham leeds bristol
sheffield oxford cambridge boston chicago houston philadelphia phoenix dallas seattle denver
atlanta miami detroit baltimore cleveland pittsburgh cincinnati minneapolis nashville portland
sacramento orlando tampa hamburg frankfurt stuttgart dusseldorf dresden leipzig hannover
nurnberg bremen heidelberg freiburg toronto montreal vancouver calgary ottawa sydney melbourne
brisbane perth auckland tokyo osaka kyoto seoul beijing shanghai springfield lexington
"""
