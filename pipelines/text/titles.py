"""Words that stand before and after names."""

from pipelines.text.tokens import Token, word_set

TITLES = word_set(
    """
    dr drs doctor prof professor professeur profesor mr mrs ms miss mme mlle monsieur madame
    herr herrn frau sr sra srta dra sig ra sigra dott dottssa dhr mevr mevrouw meneer mw rev
    capt sgt med docteur doktor dipl
    """
)
MODALITIES = frozenset(["dr", "mr", "ms", "sr", "med", "sig", "mw", "drs"])
"""Digital radiography, magnetic resonance; titles where they have a point or small letters."""
AFTER = word_set(
    """
    md phd mbbs frcr facr facs do rn rt rtr np pa crna jr sr ii iii iv
    """
)
"""Degrees and suffixes after a name."""
ROLES = word_set(
    """
    physician doctor radiologist technologist technician tech techs mta mtra operator
    attending resident fellow nurse surgeon oncologist cardiologist referring requesting
    ordering ref referrer reader reviewer observer dosimetrist physicist sonographer
    radiographer consultant provider pcp gp md rn cc attn contact nok name names patientname
    patname nom nombre nome naam vorname nachname surname lastname firstname patient pt
    paciente patientin paziente patienten arzt ärztin arztin zuweiser überweiser uberweiser
    einsender untersucher befunder hausarzt radiologe medecin médecin prescripteur operateur
    manipulateur medico médico medecins arts huisarts verwijzer aanvrager laborant signed
    signature initials author dictated transcribed transcriptionist reported read reviewed
    verified approved interpreted performed referred ordered requested scanned
    """
)
RELATIVES = word_set(
    """
    mother father wife husband son daughter brother sister spouse partner aunt uncle cousin
    niece nephew grandmother grandfather grandson granddaughter mom mum dad guardian friend
    neighbor neighbour caregiver boyfriend girlfriend fiance fiancee mutter vater ehefrau
    ehemann sohn tochter bruder schwester mère père fils fille épouse mari madre padre hijo
    hija esposa esposo figlio figlia moglie marito moeder vader zoon dochter baby twin
    """
)
BY = frozenset(["by", "von", "par", "por", "da", "door", "with", "to", "from", "vom", "dr"])
DONE = word_set(
    """
    performed perf read dictated reviewed referred signed interpreted ordered requested reported
    transcribed verified approved done scanned seen injected examined entered acquired
    prepared supervised discussed notified informed communicated called spoke paged conveyed
    relayed administered given placed consented obtained recommended evaluated attended
    authorized durchgeführt befundet überwiesen angefordert untersucht gesehen réalisé
    réalisée adressé adressée prescrit lu vu realizado realizada remitido solicitado eseguito
    eseguita richiesto refertato inviato uitgevoerd verwezen aangevraagd beoordeeld
    """
)
SPEAKS = word_set(
    """
    states stated reports reported complains complained denies denied describes described
    requests requested agrees agreed refuses refused lives works says said family consented
    """
)
"""What follows the name of a patient, and no part of the body."""
CONNECTORS = word_set(
    """
    dated by for with from per via to on von vom durch für par pour por para da di door voor de dr
    of and und et y e en cc c/o attn ref re d/w w at in an im am le el bei
    """
)
"""Words that mean nothing without what followed them."""
PARTICLES = word_set(
    """
    van der den de la le du des del della di da dos das von vom zu zur ten ter el al bin ibn
    mc mac o d st san
    """
)


def is_title(text: str, token: Token, following: Token) -> bool:
    """Return True where `token` is the title of the name that follows."""
    if token.low not in TITLES:
        return False
    between = text[token.end : following.start].rstrip(" \t")
    if between not in ("", "."):
        return False
    return between == "." or token.low not in MODALITIES or not token.raw.isupper()
