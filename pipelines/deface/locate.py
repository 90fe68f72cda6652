"""Decide whether an image holds no head: by its agreement with one, and by its body part.

The image decides that there *is* a head, whatever Body Part Examined says: it is often wrong.
That there is none needs both: an image that hardly agrees with any placement of a head, the
less the more its label speaks against one. Between the two it is doubtful.

What agrees is a template of even scale: stretched, a head fits many a round thing. Heads of all
contrasts, whole or in parts (a face, a neck with a chin), reach 0.149 and more; chests, bellies
and backs 0.04 to 0.06, knees and a round bottle of water 0.11.
"""

from enum import StrEnum

_EXTREMITY_WORDS = """
    ACROMIOCLAVICULARJOINT ANKLE ARM CALCANEUS CALF CLAVICLE ELBOW EXTREMITY FEMUR FINGER FOOT
    FOREARM HAND HIP HUMERUS KNEE LEG LOWERLEG LOWEREXTREMITY PATELLA PELVIS RADIUS SCAPULA
    SHOULDER THIGH THUMB TIBIA TOE ULNA UPPERARM UPPEREXTREMITY WRIST
"""
_TRUNK_WORDS = """
    ABDOMEN ABDOMENPELVIS AORTA BLADDER BREAST CARDIAC CHEST CHESTABDOMEN CHESTABDPELVIS COCCYX
    COLON CORONARYARTERY ESOPHAGUS HEART KIDNEY LIVER LSPINE LSSPINE LUNG MEDIASTINUM PANCREAS
    PROSTATE RECTUM RIB SACRUM SIJOINT SPLEEN SSPINE STERNUM STOMACH THORAX TLSPINE TSPINE UTERUS
"""
_OF_HEADS = (
    *("HEAD", "BRAIN", "SKULL", "FACE", "FACIAL", "ORBIT", "EYE", "SINUS", "JAW", "MAXILLA"),
    *("MANDIBLE", "NOSE", "EAR", "NECK", "CSPINE", "CERVIC", "SELLA", "PITUITARY", "IAC", "IAM"),
    *("TMJ", "TOOTH", "TEETH", "MOUTH", "TONGUE", "LARYNX", "PHARYNX", "THYROID", "CAROTID"),
    *("WHOLEBODY", "SPINE", "CEREBR", "TEMPORAL", "SALIVARY", "PAROTID"),
)


class BodyPart(StrEnum):
    """What Body Part Examined (PS3.16, Annex L) says about a head."""

    HEAD = "head"
    TRUNK = "trunk"
    EXTREMITY = "extremity"
    UNKNOWN = "unknown"


_LIMITS = {
    BodyPart.HEAD: 0.0,
    BodyPart.UNKNOWN: 0.08,
    BodyPart.TRUNK: 0.1,
    BodyPart.EXTREMITY: 0.13,
}


def body_part(value: str) -> BodyPart:
    """Return what a value of Body Part Examined says."""
    plain = "".join(character for character in value.upper() if character.isalpha())
    if plain in _EXTREMITY_WORDS.split():
        return BodyPart.EXTREMITY
    if plain in _TRUNK_WORDS.split():
        return BodyPart.TRUNK
    if any(word in plain for word in _OF_HEADS):
        return BodyPart.HEAD
    return BodyPart.UNKNOWN


def no_head_below(part: BodyPart) -> float:
    """Return the agreement below which an image of this part holds no head.

    It is that of the best placement of one scale.
    """
    return _LIMITS[part]
