"""Words of radiology that no dictionary has: modalities, sequences, protocols, makers.

Also words that are names elsewhere and anatomy or medicine here.
"""

MODALITIES = """
ct mr mri mra mrv mrcp mrs dti dwi swi fmri pet pt spect nm us cr dx dr rf xa xr mg io px cta
ctv cbct hrct ctpa ctac pacs ris his sr kub ivp ivu vcug ugi sbft hsg dexa dxa bmd oct eeg ecg
ekg emg ercp mammo tomo tomosynthesis cxr axr xray xrays fluoro angio dsa cine echo tte tee
duplex doppler sono sonogram usg bmode elastography hifu ivus icg lowdose scano topo topogram
scanogram surview scout localizer localiser loc locs lok tomogram orthopantomogram opg pano
panorex ceph dicom rtstruct rtplan rtdose seg kos mip minip mpr mprs vrt vr ssd rendering recon
recons reconstruction reformat reformats thin thins thick thk axials sagittals coronals obl
oblique ax axi axl cor sag sagg tra trans transv transverse tran coro sags cors axs lat rt lt
bilat bil ap pa lao rao cra cau ml mlo cc lm xccl cv spot mag ffdm cview views vw vws pre post
delayed delay venous arterial portal nephro nephrographic excretory noncon nonco noncontrast
contrast con cont wo wwo w gad gado gd ivc po iv kontrast nativ native plain enhanced unenhanced
ce ceus dce dsc asl bold perf perfusion diff diffusion adc trace fa colfa md mtt cbf cbv ttp
rcbv tmax exp eadc bval bvalue isotropic tensor fibers tracts rest resting
"""
SEQUENCES = """
caipirinha tracew ecv dmax dmin dmean coll deb wu ao edv psv lavi rvsp tapse sid ssd fid brca tensor
flair blade propeller haste tse fse ffe tfe tirm stir spir spair spgr fspgr fgre gre grase epi ep se
seq vibe vista space mprage mpr mp rage mpgr lava ideal dixon dixons fat fatsat fs fatsup nofs water
inphase outphase opp opphase inph outph phase mag magn magnitude pha swan swip medic dess ciss
fiesta truefisp trufi fisp psif bssfp btfe bffe flash turboflash turbo twist tricks thrive ethrive
disco star starvibe radial grasp golden ute zte pd pdw tw iw t1w t2w irse ir irfse irtfe psir lge
molli tof pcmra pcm phasecontrast inhance native quiss qiss ncemra ssfse sshtse ssh ss ssfp rarest
rare cube vfl mtc mt mtr cest noddi hardi dsi qsm cosmic merge fastview survey smartbrain autoalign
aascout calib calibration ref refscan asset arc grappa sense ipat caipi smartspeed compressed csense
shim prescan bodycoil coil sagittal coronal axial moco mocoseries fov mm cm iso sms mb sp dir nav
navi navigator trig triggered gated retro prospective bh fb respgated breathhold insp exp expi
inspiration expiration endtidal prone supine decub decubitus upright erect flex flexion ext
extension neutral weightbearing standing nonweight stress hrf kernel soft sharp bone lung std stnd
standard detail edge ultra boneplus chst asir veo safire admire idose imr mbir fbp qir aidr aice
truefidelity dlir filt afc ac nac ctac wb wholebody osem vpfx qclear fdg psma dotatate dotatoc ga
fluciclovine florbetapir flortaucipir amyloid tau mibi maa dtpa dmsa mdp hdp tc99m tc lu i123 i131
in111 suv suvbw helical helix spiral sequential axialseq seqs monitoring bolus premonitoring
testbolus smartprep surestart caredose calcium score cascore casc cacs triphasic biphasic multiphase
fourphase liver protocol prot proto routine neuro msk gyn onc ortho trauma ped peds paed adult
infant neonate spine csp lsp tsp cspine tspine lspine ls lspn cspn tspn iac iacs orbit orbits sella
pituitary tmj sinus sinuses maxfac facial mastoid temporal abd abdo abdpel abdomenpelvis pelv pel
chest thorax thx cap tap ent brachial plexus enterography urography urogram colonography arthro
arthrogram mrarthro venog venogram myelo myelogram dacro sialogram hystero cholangio splenoporto
runoff runoffs aortogram renals mesenteric bypass subtraction sub subs subt series ser scan scans
img imgs image images key keyimages diag diagn acrin nlst tcga tcia lidc cptac qin rider ispy upenn
breastdx rembrandt nsclcradiomics rpt rept repeat addl additional oth ltd limited comp complete incl
excl inc intra extr upr lwr uppr low extrem extremity xtr bilt unil unilat bilaterals uni bi multi
sgl dbl dual single energy monoenergetic monoe mono keV vnc vmi iodine eff rho sinogram raw unenh
ench enh stdy stud proc sched unsched xtab xtable crosstable swim swimmers merchant sunrise frog
frogleg mortise oblq obls scapy axill axillary portable port mobile bedside arthr inj injection
guided guid guidance perc percutaneous asp us-guided vein venous mapping map maps dvh iq noise repro
valid adni oasis ukbb hcp abcd localiser tse3d t2star screen screenshot screensave capture secondary
dose report summary results result graph page pages frfse irfspgr efgre efgre3d mp2rage zoomit
resolve mavric semac warp tgse tfl tfl2d realtime cartigram t1map t2map shmolli sasha lavaflex
idealiq fracture ssfse2 pcasl pasl tgrad mde psmde mddw hyperflex urotac uroct uroscan angiotac
angiotc angiorm colangiorm colangio urorm artrorm
"""
MAKERS = """
phoenix
siemens healthineers siemens-healthineers ge gems philips toshiba canon hitachi fuji fujifilm
hologic lorad agfa carestream kodak konica minolta shimadzu mindray samsung medison esaote sectra
merge mckesson terarecon vital vitrea aquilion aquarius brilliance ingenuity ingenia achieva intera
gyroscan panorama magnetom avanto skyra prisma verio vida sola aera trio symphony espree symbia
biograph mct vision somatom definition sensation emotion force drive edge flash go perspective
confidence optima lightspeed discovery revolution signa hdxt hdx excite infinity architect premier
voyager pioneer artist bravo senographe pristina essential mammomat inspiration revelation selenia
dimensions acuson sequoia logiq voluson vivid epiq affiniti ixr allura azurion artis zee zeego axiom
multix ysio luminos arcadis cios ziehm innova definium proteus precision vantage titan elan orian
galan exelart ultimix infinix xario aplio triathlon celesteion mobilett drx digitaldiagnost essenta
eleva omni uih united imaging neusoft anke medtronic boston scientific zimmer biomet stryker varian
elekta accuray cyberknife gammaknife truebeam halcyon tomotherapy brainlab eclipse pinnacle
raystation monaco osirix horos slicer itk matlab python dcmtk pydicom gdcm dcm4che clearcanvas
conquest orthanc syngo syngovia mmwp leonardo extended portal intellispace advantage workstation aw
aws adw vitalimages invivo dynacad cadstream icad r2 secondlook profound lunit riverain volpara
hologicaws windows linux unix nema acr ihe tcia phantom acrphantom catphan jaszczak elscint marconi
picker odelft trex instrumentarium planmeca sirona morita vatech newtom imtec versa celect gunther
denali option optease cordis cook bard abbott edwards sapien evolut corevalve watchman mitraclip
amplatzer gore excluder endurant zenith sorin biotronik livanova cochlear med-el nucleus codman
hakim strata certas synchromed baclofen infuse depuy synthes arthrex smith-nephew
"""
DRUGS = """
mirena prohance pylarify frusemide xience sierra leica aperio napsin oncotype eviva advisa
solupred dotarem gadovist clariscan vueway elucirem magnevist multihance primovist omnipaque
visipaque ultravist iomeron isovue optiray xenetix lipiodol lymphoseek detectnet posluma axumin
amyvid vizamyl neuraceq tauvid cerianna illuccix locametz trimark scanscope keflex gadolinium
gadavist gadovist dotarem clariscan magnevist multihance omniscan prohance eovist primovist
ablavar vasovist elucirem vueway gadobutrol gadoterate gadoteric gadobenate gadoxetate
gadopentetate gadodiamide gadoteridol gadofosveset gadopiclenol omnipaque visipaque isovue
ultravist optiray oxilan iomeron imeron accupaque ultraject solutrast xenetix conray cysto
cystografin gastrografin gastroview telebrix hexabrix iohexol iodixanol iopamidol iopromide
ioversol iomeprol ioxilan iobitridol iothalamate diatrizoate ioxaglate lumason sonovue definity
optison barium redicat readi varibar volumen breeza lipiodol feraheme ferumoxytol glucagon
buscopan hyoscine nitroglycerin lasix furosemide lexiscan regadenoson adenosine dobutamine
aminophylline metformin glucophage insulin lantus humalog januvia ozempic trulicity jardiance
farxiga levothyroxine synthroid prednisone prednisolone methylprednisolone dexamethasone
decadron hydrocortisone benadryl diphenhydramine zyrtec claritin allegra tylenol acetaminophen
paracetamol ibuprofen advil motrin aleve naproxen aspirin asa toradol ketorolac morphine
fentanyl dilaudid hydromorphone oxycodone percocet hydrocodone vicodin tramadol ativan lorazepam
versed midazolam valium diazepam xanax alprazolam propofol ketamine heparin lovenox enoxaparin
coumadin warfarin eliquis apixaban xarelto rivaroxaban pradaxa dabigatran plavix clopidogrel
brilinta ticagrelor tpa alteplase tenecteplase lipitor atorvastatin crestor rosuvastatin zocor
simvastatin pravastatin metoprolol lopressor atenolol carvedilol coreg propranolol amlodipine
norvasc diltiazem cardizem verapamil lisinopril enalapril losartan cozaar valsartan diovan hctz
hydrochlorothiazide spironolactone digoxin amiodarone omeprazole prilosec pantoprazole protonix
nexium zofran ondansetron reglan amoxicillin augmentin penicillin ampicillin cefazolin ancef
keflex rocephin ceftriaxone cephalosporin cipro ciprofloxacin levaquin levofloxacin azithromycin
zithromax doxycycline bactrim sulfa sulfamethoxazole trimethoprim vancomycin zosyn flagyl
metronidazole gentamicin iodine iodide betadine latex lidocaine marcaine bupivacaine kenalog
triamcinolone depomedrol cisplatin carboplatin oxaliplatin paclitaxel taxol docetaxel taxotere
doxorubicin adriamycin cyclophosphamide cytoxan fluorouracil capecitabine xeloda gemcitabine
gemzar irinotecan folfox folfiri folfirinox temozolomide temodar bevacizumab avastin trastuzumab
herceptin pembrolizumab keytruda nivolumab opdivo ipilimumab rituximab rituxan imatinib gleevec
erlotinib tarceva sunitinib sorafenib lenvatinib tamoxifen letrozole anastrozole arimidex femara
lupron leuprolide zoladex casodex bicalutamide abiraterone zytiga enzalutamide xtandi
methotrexate humira adalimumab enbrel remicade infliximab plaquenil hydroxychloroquine
azathioprine imuran mycophenolate tacrolimus cyclosporine albuterol advair gabapentin neurontin
lyrica pregabalin keppra levetiracetam dilantin phenytoin depakote valproate lamictal
lamotrigine tegretol carbamazepine sinemet levodopa aricept donepezil memantine leqembi
lecanemab aducanumab donanemab prozac zoloft sertraline lexapro cymbalta seroquel quetiapine
risperdal lithium fosamax alendronate prolia denosumab zometa zoledronic botox caverject edex
trimix dabrafenib trametinib vemurafenib osimertinib olaparib ibrutinib venetoclax daratumumab
bortezomib lenalidomide pomalidomide carfilzomib everolimus regorafenib cabozantinib pertuzumab
cetuximab panitumumab durvalumab atezolizumab avelumab eculizumab natalizumab ocrelizumab
fingolimod tocilizumab ustekinumab secukinumab semaglutide liraglutide dulaglutide sitagliptin
empagliflozin dapagliflozin entresto sacubitril ezetimibe celecoxib celebrex meloxicam mobic
diclofenac voltaren novalgin metamizol ibuflam marcumar falithrom dalteparin tinzaparin
fraxiparine clexane arixtra torasemid ramipril bisoprolol candesartan pantozol euthyrox
thyronajod decortin prednisolon urbason tavegil fenistil dormicum tramal palexia targin
"""
LATIN = """
muga octreotide takotsubo terarecon algo elition willis sylvian glasgow bristol
cul arterio
pons vermis cuneus precuneus insula uncus fornix tectum tegmentum putamen pallidum caudatus
claustrum subiculum cingulum splenium genu rostrum tonsilla falx tentorium sella clivus vomer
concha choana carina hilum hilus cisterna cauda equina conus filum dura pia arachnoidea
ligamentum flavum nucleus pulposus annulus fibrosus navicular lunate scaphoid pisiform hamate
capitate coronoid epicondyle manubrium xiphoid symphysis pylorus antrum cardia vesica ovarium
mamma axilla portae lienalis renalis mesenterica iliaca femoralis poplitea carotis vertebralis
basilaris subclavia brachialis jugularis azygos hemiazygos fascia lata vastus medialis
lateralis rectus femoris biceps brachii gracilis sartorius soleus plantaris popliteus psoas
iliacus gluteus maximus medius minimus piriformis obturator levator scapulae subscapularis
supraspinatus infraspinatus teres
"""
CLINICAL = """
tumour oedema haematoma hypodense hyperdense isodense hyperintense hypointense isointense
hypoechoic hyperechoic anechoic isoechoic echogenic meningioma glioma glioblastoma gbm
astrocytoma schwannoma lymphadenopathy hydronephrosis nephrolithiasis cholelithiasis
choledocholithiasis spondylosis spondylolisthesis osteophyte osteophytes arthroplasty sternotomy
hemoptysis haemoptysis perirectal supraspinatus infraspinatus subscapularis osteochondral labrum
labral rotator acl pcl mcl lcl tfcc slap mets met ca nsclc sclc hcc rcc tcc dcis idc ilc lcis
crc aml cll dlbcl nhl mds htn dm dm2 cad chf copd ckd esrd afib cva tia sah sdh edh ich tbi mva
mvc loc gcs sob doe ams nv nvd rlq ruq llq luq rul rml rll lul lll uti pe dvt pna ptx uip nsip
ild ipf tb hiv hcv hbv covid sars rsv pvd pad aaa tavr tavi cabg pci lad lca rca lcx rvot lvot
ef lv rv la ra ivc svc sma ima celiac ecog bmi bp hr rr psa cea afp gfr egfr cr bun inr wbc hgb
plt tsh hx h/o s/p sp fx r/o ro dx ddx tx rx sx w/u f/u fu fup followup eval pt pts yo y/o yr
yrs mo mos wk wks hrs min mins sec secs ms msec htz khz mhz ghz kv kvp mas mah mgy cgy gy sv msv
mbq mci kbq hu hounsfield cc cm mm ml mg mcg ug kg lb lbs gm gms deg degrees vol pos neg abnl
nml wnl nad nkda prn bid tid qid qd qhs po npo im sc sq ivp stat asap er ed icu ccu nicu picu or
pacu opd inpt outpt preop postop intraop periop status stable unchanged interval prior priors
comparison compare impression findings indication technique clinical history reason exam
examination study studies test testing procedure biopsy bx fna aspiration drainage drain stent
stents graft catheter cath line tube picc ngt ett ptc pcn gj peg vp shunt pacemaker icd aicd
lead leads implant prosthesis hardware orif thr tkr tha tka laminectomy discectomy fusion
craniotomy craniectomy nephrectomy splenectomy colectomy prostatectomy lobectomy pneumonectomy
thyroidectomy parotidectomy lumpectomy mastectomy hysterectomy oophorectomy tah bso
cholecystectomy appendectomy whipple ablation embolization tace y90 sirt rfa mwa cryo
radiotherapy chemoradiation xrt imrt vmat sbrt srs hdr ldr brachy gtv ctv ptv oar oars isocenter
iso pinpoint hand hands head heads foot feet bone bones chin heart arm arms leg legs hip hips
knee knees neck shin brain back chest cheek eye eyes ear ears nose mouth tongue tooth teeth
throat face skull skin nail toe toes finger fingers thumb thumbs wrist wrists elbow elbows
forearm shoulder shoulders rib ribs breast breasts belly groin thigh calf heel heels ankle
ankles palm sole lip lips jaw hair nerve nerves vein veins temple crown root roots cord body
blood gland glands stomach bowel colon rectum anus liver spleen kidney kidneys bladder ureter
prostate uterus ovary testis penis vagina cervix white brown black green gray grey blue red
young old long short small little large big high low strong weak hard soft sharp dull early late
may march hart park field fields wall walls base cross cut cuts day days night light dark fine
french german english spanish round square flat deep thin thick broad rich poor new best good
bad free full power force speed fast slow gross love wells banks bridge ward case cases price
rice lane stone stones marks mark ray rays rose cook fox bird wolf bush wood woods hill hills
lake rivers brook ford land lands street marsh june april august summer winter spring fall
church chapel king queen bishop page guard general major minor private medical patient patients
male female man woman boy girl child children baby infant adult twin twins mother father parent
parents brother sister son daughter aunt uncle cousin husband wife spouse partner guardian
family relative friend neighbor caregiver nurse nurses doctor doctors physician physicians
radiologist radiologists radiology surgeon technologist technologists technician tech techs rt
resident fellow attending staff student operator department dept hospital clinic clinics center
centre emergency outpatient inpatient newborn preterm premature gestational trimester fetal
fetus foetal cyst cysts nodule nodules mass masses lesion lesions node nodes abscess edema pain
aches ache fever cough wheeze headache headaches seizure seizures fell fallen injury trauma
fracture fractures sprain strain tear tears torn swelling weakness numbness tingling dizziness
nausea vomiting diarrhea bleeding adenoma carcinoma sarcoma lymphoma melanoma metastasis
metastases metastatic malignant malignancy benign quadrant margin margins superior inferior
anterior posterior medial lateral proximal distal dorsal ventral cranial caudal cephalad left
right upper lower middle central peripheral bilateral unilateral trunk stem stump stub horn hook
coil clip clips staple screw screws rod rods plate plates nails pin pins wire wires band ring
rings ball balls box bag cap cuff cup disc discs disk disks dome drum fork halo key lock loop
mesh nest net notch patch pole port ports pouch rim saddle sac sling spur stalk strut tag tail
tip tract tuft valve valves web wedge wing wings
"""
SIGNS = """
trus evar tevar meld nyha ccs rifle kdigo moyamoya ecocolordoppler colordoppler ecocolor tsa
sdra ng og ogt ngt zika ebola lyme dengue malaria trisomy monosomy covid influenza rsv mrsa vre
cdiff candida aspergillus coli klebsiella listeria toxoplasma cmv ebv hsv vzv hpv brca her2 kras
egfr alk braf mgmt idh apoe tp53 marfanoid gravida para nulliparous multiparous menopausal
perimenopausal bias blocker carina concha cone delta ethyl holder iris meta pointer situ spikes
steppe vena violet nihss aspects meds med rx allergies tics tici moca mmse apgar asia edss hrqol
ecog who figo tnm ajcc birads pirads lirads tirads lungrads orads cadrads nirads ldct cxrs kubs
jude staging grading scoring nml wdwn nourished
"""
ABBREVIATIONS = """
abg abi abpm abvd acdf ace acei acom adls adpkd aki als amh ana anca apc apd ards arvc asd auc avf
avm avn avnrt avr bcc bcg beacopp bmt bnp bph bpd brvo cbd cdh chemo chop cidp cjd cmc cml cns cppd
crao crrt crt csf ctd cts cvd cvvh dbs ddh dish dka dmard dnr dni dtr eac ebl ecmo ecv egd ercps
eswl etoh eus evd fai feno ffr fsgs ftt fuo gct gerd gist gpa gsw gvhd hba1c hbsag hcm hellp hfpef
hfref hht hida hipec hit hnp hocm hrt hsct hus ibd ibs icds igg iga ige igm inh itp iud ivdu ivf
ivig jia kps lbbb ldh lft lfts los lscs lvad lvedd lvef lvesd lvh mac mals mbc mgus mibg mndo mpn
mssa mvp mvr nafld nasc nec nets nf1 nf2 nicm nsaid nsaids nsvd nyd ocd ocp odi opll pah paf pals
pcos pcr pft pfts pid pjp plif pmr pnet pots pres prbc prrt psh psp psvt ptca pth ptsd pud pvc pvcs
pvr rbbb rbc rdw rhabdo rop rosc rsi rvh sbo scd sci siadh sids sirs sle slac snhl ssri stemi nstemi
svt tbsa tios tips tnbc trach tram turp turbt uri urti utis vac vad vap vats vcf vsd vtach vte wpw
creat hgba1c a1c trop lipase amylase bili tbili alkphos lytes glu gluc ferritin datscan octreoscan
neuraceq amyvid vizamyl lymphoseek zevalin bexxar xofigo lutathera pluvicto axumin detectnet
illuccix netspot posluma locametz tauvid rubidium cardiolite myoview thallium sestamibi tetrofosmin
mebrofenin choletec pertechnetate colloid hmpao ecd wbcs gallium fes choline spondy listhesis djd
ddd scoli effus atelect consol infil opac hydro divertic appy appe chole hyst laps exlap washout
debridement explor reimplant kypho rhizo facets sij sijoint prp
"""
KERNELS = """
hr hrct br bl qr ur uf hf hv hd hk fc yc yb ya yd ch cb cc cd yl lu ld std bv bf bg sv
"""
