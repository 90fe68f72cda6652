"""Names that stand for a disease, a sign, a view: ``Baker cyst``, ``Waters view``.

Who is called Baker still has no cyst by that name alone: only the name with what it is
the name of says nothing about a person.
"""

import re
from collections.abc import Mapping


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


EPONYMS: frozenset[str] = _words(
    """
    einthoven goldmann papanicolaou judkins mcburney tyrer cuzick murphy lugol kehr blakemore
    sengstaken foley barlow ortolani bruce barretts morrison fazekas scheltens galassi hadlock
    rockwood pauwels ahlback ranawat stoller balthazar fontaine rutherford okuda strasberg
    bismuth cheson fuhrman durie masaoka merchant stryker velpeau bernageau wackenheim borden
    zabramski koos knosp simpson pfirrmann graf tonnis shenton hilgenreiner perkins catterall
    herring waldenstrom meary kager insall salvati blackburne caton deschamps wiberg dejour
    goutallier patte hamada walch lodwick delbet bosworth hawkins tillaux stener fitzpatrick
    outerbridge kellgren lawrence tourette bechterew sudeck basedow dupuytren haglund baastrup
    forestier blount meigs leriche buerger kimura kikuchi rasmussen cotton ludwig lemierre
    fournier boerhaave zollinger ellison brodie codman lhermitte wallenberg horner holmes adie
    devic marburg balo schilder hallervorden menkes canavan krabbe alexander leigh zellweger
    refsum pompe mccune albright ollier maffucci gorham engelmann albers morquio sanfilippo
    klippel trenaunay rendu rosenthal galen labbe trolard heubner percheron adamkiewicz
    kommerell stafford stanford debakey crawford sanders essex lopresti ruedi ideberg mayfield
    evans boyd tronzo frankel denis magerl garland rigler kerckring santorini wirsung oddi vater
    fisher hunt hess spetzler ganz fort gleason parkinson parkinsons hodgkin hodgkins alzheimer
    alzheimers crohn crohns baker bakers colles towne townes waters caldwell dixon hounsfield
    graves hashimoto cushing addison barrett meckel morton mortons achilles douglas morison
    fleischner bosniak agatston gustilo salter harris garden bennett rolando monteggia galeazzi
    barton chauffeur lisfranc chopart jefferson hangman chance maisonneuve jones smith pott
    potts weber danis schatzker neer hill sachs bankart segond perthes legg calve osgood
    schlatter scheuermann schmorl modic tarlov cobb risser meniere paget pagets ewing wilms
    kaposi burkitt wegener takayasu kawasaki marfan ehlers danlos down downs turner klinefelter
    fallot eisenmenger ebstein chiari dandy walker sturge hippel lindau recklinghausen willis
    sylvius monro magendie luschka virchow robin broca wernicke heschl rolandic meckels morgagni
    bochdalek hartmann whipple roux billroth nissen kasai fontan glenn blalock taussig ross
    bentall carpal kienbock freiberg kohler sever sinding larsen pancoast hampton kerley
    westermark pseudomonas salmonella escherichia raynaud sjogren behcet bell guillain barre
    lewy huntington creutzfeldt jakob pick charcot babinski tinel phalen lachman mcmurray drawer
    hoffa hoffman hoffmann kelvin gray sievert becquerel tesla gauss curie henry larmor fourier
    judet ferguson grashey zanca rosenberg hughston laurin settegast sunrise danelius miller
    lauenstein dunn lequesne schuller stenvers law mayer fuchs pillsbury harrington dick
    dobbhoff swan hickman broviac groshong quinton tesio greenfield gunther dacron gore gortex
    kirschner steinmann ilizarov austin moore girdlestone ender nash doppler valsalva mueller
    trendelenburg fowler sims lauge hansen frykman mason regan morrey child pugh milan couinaud
    todani forrest breslow clark ann arbor lugano deauville curaçao mayo valeo karnofsky ecog
    duke dukes mallory weiss zenker killian schatzki ogilvie hirschsprung hutch budd mirizzi
    klatskin krukenberg brenner sertoli leydig peyronie cowper bartholin skene gartner nabothian
    asherman mullerian wolffian rokitansky aschoff ivor lewis hinchey rosai dorfman castleman
    erdheim chester langerhans gaucher niemann fabry wilson hurler hunter rathke latarjet chagas
    ommaya greulich pyle fraumeni kleinfelter apert noonan dercum goodpasture churg strauss
    alport bartter gitelman conn gardner turcot cowden peutz jeghers lynch mikulicz lyell bowen
    merkel duchenne dejerine friedreich rett angelman prader willi patau treacher stickler jaffe
    lichtenstein panner iselin thiemann garre looser zuckerkandl denonvilliers gerota toldt
    treitz petersen spigel spigelian grynfelt littre richter amyand hesselbach scarpa camper
    cloquet cooper bassini shouldice ladd kocher pringle glisson cantlie heister calot moynihan
    kernohan mobitz holter brugada tawara purkinje carney loeys dietz sotos soto proteus weill
    marchesani kabuki kartagener caplan felty stills still schnitzler adamantiades susac
    sandifer lennox gastaut dravet ohtahara landau kleffner miyoshi steinert thomsen kennedy
    hirayama kugelberg welander fahr wilsons mondor phyllodes stewart treves batson ashermans
    fitz hugh kegel enneking mirel mirels campanacci tile letournel thompson pipkin winquist
    gartland milch bado regan-morrey hutchinson goyrand pellegrini stieda iliotibial morel
    lavallee wartenberg guyon struthers osborne frohse baxter tanner allred grocott masson
    bertolotti quervain beighton charnley gruen brooker meyerding gail fletcher manchester
    chassaignac messmer harvey bradshaw parsonage hall
    """
)
"""In small letters, without accents."""
NOUNS: frozenset[str] = _words(
    """
        disease diseases syndrome syndromes fracture fractures fx cyst cysts view views sign
    signs     lesion lesions classification class type grade grading score scoring tumor tumors
    tumour     tumours lymphoma lymphomas sarcoma neuroma neuromas hernia hernias node nodes
    nodule     nodules tendon ligament duct gland glands canal ring valve procedure operation
    method     technique position projection maneuver test criteria index angle line lines
    triangle pouch     space fascia muscle body bodies loop catheter tube drain clip stent graft
    filter     prosthesis pin pins wire wires rod rods nail scale units unit contracture palsy
    paralysis     phenomenon disorder malformation anomaly deformity ulcer fissure polygon area
    areas arch     artery vein nerve plexus ganglion cell cells stage staging diverticulum
    carcinoma repair     shunt anastomosis esophagus thyroiditis arthritis sequence aneurysm
    dissection stump point     points foramen membrane reflex fistula block criterion ratio
    staining dementia chorea     fibers plate screw harness brace splint bone joint tubercle
    spot spots defect danlos osler     lewis syndrom krankheit zyste fraktur maladie kyste
    sindrome malattia morbo enfermedad     ziekte
    """
)
"""What follows them."""
PAIRS: Mapping[str, frozenset[str]] = {
    name: _words(things)
    for name, things in (
        ("achilles", "tendon"),
        ("addison", "disease"),
        ("alzheimer", "disease dementia"),
        ("baker", "cyst cysts"),
        ("bankart", "lesion repair"),
        ("barrett", "esophagus oesophagus metaplasia"),
        ("bartholin", "cyst gland"),
        ("behcet", "disease"),
        ("bell", "palsy"),
        ("bennett", "fracture"),
        ("berry", "aneurysm aneurysms"),
        ("boxer", "fracture"),
        ("broca", "area aphasia"),
        ("castleman", "disease"),
        ("charcot", "joint foot"),
        ("chiari", "malformation"),
        ("cobb", "angle"),
        ("colles", "fracture"),
        ("crohn", "disease colitis ileitis"),
        ("cushing", "disease syndrome"),
        ("denver", "shunt"),
        ("down", "syndrome"),
        ("dupuytren", "contracture disease"),
        ("ewing", "sarcoma"),
        ("fallot", "tetralogy"),
        ("fleischner", "criteria guidelines"),
        ("foley", "catheter"),
        ("forestier", "disease"),
        ("gaucher", "disease"),
        ("glasgow", "coma"),
        ("gleason", "score grade"),
        ("graves", "disease ophthalmopathy orbitopathy"),
        ("hashimoto", "thyroiditis"),
        ("hill", "sachs"),
        ("hirschsprung", "disease"),
        ("hodgkin", "lymphoma disease"),
        ("hounsfield", "unit units"),
        ("hunter", "canal"),
        ("huntington", "disease chorea"),
        ("jefferson", "fracture"),
        ("jones", "fracture"),
        ("judkins", "catheter"),
        ("kawasaki", "disease"),
        ("lauenstein", "view"),
        ("lisfranc", "joint injury fracture"),
        ("march", "fracture fractures"),
        ("marfan", "syndrome"),
        ("meckel", "diverticulum cave"),
        ("merchant", "view"),
        ("moore", "prosthesis"),
        ("morton", "neuroma"),
        ("murphy", "sign"),
        ("paget", "disease"),
        ("parkinson", "disease"),
        ("perthes", "disease"),
        ("pott", "disease"),
        ("raynaud", "phenomenon disease"),
        ("schmorl", "node nodes"),
        ("smith", "fracture"),
        ("swan", "ganz"),
        ("towne", "view projection"),
        ("townes", "view projection"),
        ("turner", "syndrome"),
        ("warthin", "tumor tumour"),
        ("waters", "view projection"),
        ("wells", "score criteria"),
        ("whipple", "procedure operation"),
        ("williams", "syndrome"),
        ("wilms", "tumor tumour"),
        ("wilson", "disease"),
    )
}
"""What nobody takes for a person, though one of that name is known."""
_noun = re.compile(r"(?:'s|\u2019s|')?[ -]([A-Za-z]+)(?![^\W_])")


def is_eponym_before(word: str, following: str) -> bool:
    """Return whether a known name stands for a thing, by the word that follows it.

    Parameters
    ----------
    word : str
    following : str
        Begins right after the word.
    """
    things = PAIRS.get(word.casefold())
    if things is None:
        return False
    found = _noun.match(following)
    return found is not None and found[1].casefold() in things
