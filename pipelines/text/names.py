"""Find names that only the text holds: by what stands beside them, and by what they are not.

A word with a capital that no vocabulary has is a name; one that a vocabulary has is one
where a title, a role, a given name or an initial makes it one.
"""

import re
from collections.abc import Iterator

from pipelines.text.dictionaries import given_names
from pipelines.text.eponyms import is_eponym
from pipelines.text.name_words import NameWords
from pipelines.text.reasons import Reason, Span
from pipelines.text.titles import (
    AFTER,
    BY,
    DONE,
    MODALITIES,
    RELATIVES,
    ROLES,
    TITLES,
    is_title,
)
from pipelines.text.tokens import Token
from pipelines.text.vocabulary import (
    Verdict,
    is_frequent_surname,
    is_given_name,
    is_own,
    is_possible_name,
    is_word_of,
    judge,
)
from pipelines.vocabulary import is_clinical

_MOST_WORDS = 5
_LEAST_UNKNOWN = 4
_NOT_BY = frozenset(["on", "at", "in", "and"])
_SIDES = frozenset("lrwctsx")
"""Left, right, with, and the regions of the spine: no initials."""
_ARTICLES = frozenset(["la", "le", "de", "di", "da", "do", "o", "d", "st", "den", "der"])
"""Particles that stand before other words too."""
_LINKS = frozenset(["und", "y", "e", "en"])
_joint = re.compile(r"[ \t]?[.,'\u2019\xb4`^-]?[ \t]?")
_after_role = re.compile(r"[ \t]*[:.#=-]*[ \t]*(?:is[ \t]+)?")
_irish = re.compile(r"O['\u2019][A-Z][a-z]")
_ROMANCE = ("es", "fr", "it")
_MOST_PARTICLES = 4
_LEAST_PARTICLES = 3
"""How far the name is behind a word before two particles."""
_initials = re.compile(r"(?:[A-Z]\.[ \t]?){1,3}(?:[A-Z]\b\.?)?|[A-Z]{2,3}\b(?!\.\w)")
_CHINESE = (
    r"(?<![\u3400-\u9fff])[王李张張刘劉陈陳杨楊赵趙黄黃周吴吳徐孙孫胡朱高林何郭马馬罗羅梁宋郑鄭谢謝韩韓唐冯馮于董萧蕭"
    r"程曹袁邓鄧许許傅沈曾彭吕呂苏蘇卢盧蒋蔣蔡贾賈丁魏薛叶葉阎閻余潘杜戴夏钟鍾汪田任姜范方石姚谭譚廖邹鄒熊金陆陸郝孔白崔康毛"
    r"邱秦江史顾顧侯邵孟龙龍万萬段雷钱錢汤湯尹黎易常武乔喬贺賀赖賴龚龔文][\u3400-\u9fff]{1,2}(?![\u3400-\u9fff])"
)
"""A frequent surname and one or two ideographs, by themselves."""
_honorific = re.compile(
    r"[\u3400-\u9fff]{2,4}?(?=(?:様|先生|さん|くん|殿|氏名|教授|医師|技師))|[가-힣]{2,4}(?=\s?(?:님|선생|씨|교수))"
    r"|(?<=氏名)[:\uff1a ]?[\u3400-\u9fff]{2,4}|(?<=患者名)[:\uff1a ]?[\u3400-\u9fff]{2,4}"
    rf"|(?<=[主医醫][任师生師])[:\uff1a ]\s?{_CHINESE}|{_CHINESE}(?=\s?(?:医生|医师|大夫|主任))"
    r"|(?<=姓名)[:\uff1a ]?[\u3400-\u9fff]{2,4}|(?<=환자명)[:\uff1a ]?[가-힣]{2,4}"
)
_CUES = TITLES | ROLES | RELATIVES | DONE | {"by"}


class NameFinder(NameWords):
    """Finds names in one text.

    Parameters
    ----------
    text : str
    tokens : Sequence[Token]
    initials : frozenset[str]
        Of the persons of the dataset.
    """

    def find(self) -> Iterator[Span]:
        """Yield the names."""
        tokens = self._tokens
        number = 0
        while number < len(tokens):
            token = tokens[number]
            end = 0
            reason = Reason.NAME_CONTEXT
            if token.low in _CUES:
                first = self._named_by(number)
                if first:
                    end = self._end(first, is_meant=True, is_sure=self._is_sure(number))
                    number = first if end else number
            if not end and self._is_name(number):
                end = self._end(number, is_meant=False)
                reason = self._reason(number)
            elif not end and self._is_noble(number):
                end = self._end(number, is_meant=True, is_sure=True)
            if end:
                yield Span(tokens[self._begin(number)].start, self._stop(end - 1), reason)
            number = max(end, number + 1)
        if not self._text.isascii():
            for found in _honorific.finditer(self._text):
                yield Span(found.start(), found.end(), Reason.NAME_CONTEXT)

    def _stop(self, number: int) -> int:
        """Return where a name ends; the point of an initial belongs to it."""
        token = self._tokens[number]
        is_dotted = len(token.raw) == 1 and self._text[token.end : token.end + 1] == "."
        return token.end + is_dotted

    def _named_by(self, number: int) -> int:
        """Return the number of the word that a title or role says is a name; 0 for none."""
        following = number + 1
        if following == len(self._tokens):
            return 0
        token, between = self._tokens[number], self._between(number)
        if token.low in TITLES and is_title(self._text, token, self._tokens[following]):
            return following if self._tokens[following].low not in TITLES else 0
        if token.low in DONE and between.isspace():
            if self._tokens[following].low in BY:
                return following + 1 if following + 1 < len(self._tokens) else 0
            if self._tokens[following].low in _NOT_BY:
                return 0
        if token.low == "by" and between in (" ", ": "):
            return following if self._is_done_by(number) else 0
        return following if self._is_role_of(token, following, between) else 0

    def _is_sure(self, number: int) -> bool:
        """Return True for a title that can't be a modality."""
        token = self._tokens[number]
        is_dotted = self._text[token.end : token.end + 1] == "."
        return token.low in TITLES and (
            is_dotted or token.low not in MODALITIES or token.low == "dr"
        )

    def _is_done_by(self, number: int) -> bool:
        """Return True where ``by`` leads to an unknown word, an account, or initials."""
        following = self._tokens[number + 1]
        is_done = bool(number) and self._tokens[number - 1].low.endswith("ed")
        if is_done and self._is_short_initials(following):
            return True
        is_long = len(following.raw) >= _LEAST_UNKNOWN
        return is_long and judge(following.raw.casefold()) is Verdict.UNKNOWN

    def _is_role_of(self, token: Token, following: int, between: str) -> bool:
        """Return True for the role of the person that `following` names."""
        word = self._tokens[following]
        if token.low in ROLES and _after_role.fullmatch(between):
            return ":" in between or "=" in between or self._starts_name(following)
        if token.low in RELATIVES and between in (" ", ", ", " (", ": "):
            is_word = is_clinical(word.low) or is_own(word.low)
            verdict = judge(word.raw.casefold())
            may_be_name = is_possible_name(word.low) or verdict in (
                Verdict.UNKNOWN,
                Verdict.FOREIGN,
            )
            is_given = word.low in given_names() and word.low not in RELATIVES
            return word.raw.istitle() and (is_given or (may_be_name and not is_word))
        return False

    def _starts_name(self, number: int) -> bool:
        """Return True for initials and for what is no word, after a role without a colon."""
        token = self._tokens[number]
        if self._is_particle(number) and self._leads_to_name(number, is_meant=True):
            return True
        if _irish.match(self._text, token.start):
            return True
        if _initials.match(self._text, token.start) and len(token.raw) <= 3:
            is_dotted = self._text[token.end : token.end + 1] == "." and len(token.raw) == 1
            are_known = len(token.raw) > 1 and set(token.low) <= self._initials
            is_last = self._text[token.end : token.end + 1] in ("", ",", ";", ")", "\n")
            are_initials = is_last and self._is_short_initials(token)
            return is_dotted or are_known or are_initials or self._is_name(number)
        if len(token.raw) >= _LEAST_UNKNOWN and judge(token.raw.casefold()) is Verdict.UNKNOWN:
            return token.raw.isalpha() and token.raw[0].isupper()
        if token.raw.islower() and judge(token.low) in (Verdict.EPONYM, Verdict.NAME_OR_WORD):
            return is_frequent_surname(token.low) and not is_eponym(
                self._text, self._tokens, number
            )
        return self._is_name(number)

    def _reason(self, number: int) -> Reason:
        unknown = judge(self._tokens[number].low) is not Verdict.PLACE
        return Reason.NAME_UNKNOWN_WORD if unknown else Reason.ADDRESS

    def _is_noble(self, number: int) -> bool:
        """Return True for any word before two particles and a name: ``Xaver von der Heide``."""
        tokens = self._tokens
        last = number + 1
        end = min(len(tokens), number + 1 + _MOST_PARTICLES)
        while last < end and self._is_particle(last) and self._between(last - 1) == " ":
            last += 1
        if last < number + _LEAST_PARTICLES or last == len(tokens):
            return False
        is_said = any(each.low in _LINKS for each in tokens[number + 1 : last])
        return all(
            each.raw[0].isupper()
            and len(each.raw) > 2
            and not is_clinical(each.low)
            and not is_own(each.low)
            and (is_said or not is_word_of(each.raw.casefold(), (*self._languages, *_ROMANCE)))
            for each in (tokens[number], tokens[last])
        )

    def _end(self, first: int, *, is_meant: bool, is_sure: bool = False) -> int:
        """Return the number after the last word of the name; 0 where there is no name.

        Parameters
        ----------
        is_meant : bool
            A word before it says that a name follows.
        is_sure : bool
            The word is a title: what follows is a name, though it is a word as well.
        """
        tokens = self._tokens
        taken = 0
        makes_name, between = is_meant, ""
        for number in range(first, min(first + _MOST_WORDS, len(tokens))):
            token = tokens[number]
            if number > first:
                between = self._between(number - 1)
                if not _joint.fullmatch(between) or not self._continues(number, between):
                    break
            expects = is_meant or makes_name
            if self._is_particle(number) and self._leads_to_name(number, is_meant=expects):
                continue
            if self._is_initial(number, is_first=number == first):
                makes_name, taken = True, number + 1
                continue
            if number == first and is_meant and self._is_short_initials(token):
                return number + 1
            is_last = makes_name and taken > first + 1 and self._is_free(token)
            is_led = number > first and self._is_particle(number - 1)
            has_capital = token.raw.istitle() or token.raw.isupper()
            is_double = taken == number > first and between == "-" and has_capital
            is_titled = is_sure and self._is_titled(first, number)
            if not (
                self._is_name(number)
                or is_double
                or is_last
                or is_titled
                or (
                    (makes_name or (is_meant and is_led))
                    and self._may_be_name(number, is_meant=is_meant or is_led)
                )
            ):
                break
            taken = number + 1
            makes_name = is_given_name(token.low)
        return taken

    def _is_titled(self, first: int, number: int) -> bool:
        """Return True for the first word after a title, its initials and given name."""
        token = self._tokens[number]
        if not token.raw.isalpha() or len(token.raw) < 2 or not token.raw[0].isupper():
            return False
        if token.low in TITLES or token.low in AFTER or token.low in ROLES:
            return False
        given = [each for each in self._tokens[first:number] if len(each.raw) > 1]
        are_given = all(is_given_name(each.low) for each in given)
        is_shown = len(given) == 1 and given[0].raw.istitle() and token.raw.isupper()
        if not given or (are_given and is_shown and len(token.raw) > 2):
            return True
        if is_own(token.low) and not is_possible_name(token.low):
            return False
        return is_shown or are_given

    def _continues(self, number: int, between: str) -> bool:
        """Return True unless a comma or point ends the name."""
        token = self._tokens[number]
        if token.low in TITLES or token.low in ROLES or token.low in AFTER:
            return False
        if between.strip() == "-" != between:
            return False
        before = self._tokens[number - 1]
        if "," in between:
            return self._is_name(number) or self._is_last_initial(token)
        if "." in between:
            return len(before.raw) == 1 or between == "."
        return True

    def _leads_to_name(self, number: int, *, is_meant: bool) -> bool:
        for following in range(number + 1, min(number + 1 + _MOST_PARTICLES, len(self._tokens))):
            if not _joint.fullmatch(self._between(following - 1)):
                return False
            if not self._is_particle(following):
                return self._is_name(following) or (
                    is_meant and self._may_be_name(following, is_meant=True)
                )
        return False

    def _begin(self, number: int) -> int:
        """Return the number of the first word of the name around `number`."""
        least = max(number - _MOST_WORDS, 0)
        while number > least and self._belongs(number - 1, self._between(number - 1)):
            number -= 1
        return number

    def _belongs(self, number: int, between: str) -> bool:
        """Return True for an initial, a particle, a given name before a name."""
        before = self._tokens[number]
        if len(before.raw) == 1 and before.raw.isupper() and before.raw.isalpha():
            if between == " ":
                return before.low not in _SIDES
            return between in (".", ". ", ".-", "'", "\u2019")
        if self._is_particle(number) and between in (" ", "-", "'", "\u2019"):
            is_name_only = before.low not in _ARTICLES
            return is_name_only or (before.raw[0].isupper() and not before.raw.isupper())
        if between == " " and before.raw.islower() and is_given_name(before.low):
            return True
        return self._is_turned(number, between)

    def _is_turned(self, number: int, between: str) -> bool:
        """Return True for a family name before its given name: ``White, John``."""
        if between not in (", ", ",", "^") or not is_given_name(self._tokens[number + 1].low):
            return False
        following = number + 2
        if (
            following < len(self._tokens)
            and self._is_name(following)
            and self._between(number + 1) == " "
        ):
            return False
        raw = self._tokens[number].raw
        return raw[0].isupper() and raw.isalpha() and is_possible_name(self._tokens[number].low)
