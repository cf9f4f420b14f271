"""How texts give themselves away, in Swedish, Danish and English.

The three are looked for together: a sentence in the wrong tab is found as well.
"""

import re

_I = re.IGNORECASE


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), _I)


# A box that somebody else has ticked: drawn, or written as markup.
TICKED_MARK = _any(
    r"\[\s*[x✓✔]\s*\]",
    r"\(\s*[x✓✔]\s*\)",
    r"[☑☒✅✔✓🗹🗷]",
    r"(?:aria-)?checked\s*=\s*\S+",
    r"<input\b[^>]*>",
)
# … or told in words. The last line is too common in terms to say anything there.
TICKED_WORDS = _any(
    r"\bför(?:i|hands)?[- ]?i?(?:kryssa[dt]|bocka[dt]|val[dt]|markera[dt]|fyll[dt])\w*",
    r"\bredan (?:i?kryssa[dt]|i?bocka[dt]|markera[dt]|val[dt])\w*",
    r"\bi(?:kryssa[dt]|bocka[dt])\w*",
    r"\bfor(?:ud|hånds)?[- ]?(?:afkryds|valgt|udfyldt|markeret)\w*",
    r"\ballerede (?:afkryds|markeret|valgt)\w*",
    r"\bpre[- ]?(?:ticked|checked|selected|filled)\b",
    r"\balready (?:ticked|checked|selected)\b",
    r"\b(?:ticked|checked|selected) (?:by default|already|in advance)\b",
)
TICKED_IN_CONSENT = _any(r"\b(?:ticked|checked)\b", r"\bafkrydset\b")
BOX = _any(r"\bbox(?:es)?\b", r"\brut(?:a|an|or)\b", r"\bboks\w*", r"\bfelt\w*")

# Silence taken for a yes.
SILENCE = _any(
    r"\b(?:om|såvida) (?:du|jag) inte (?:säger|avböj|motsätt|tackar|avmark|kryss"
    r"|svarar|hör av|invänd|protest)\w*[^.]{0,30}",
    r"\b(?:avmarkera|kryssa ur|bocka ur|ta bort (?:krysset|bocken|markeringen))\b",
    r"\bhvis (?:du|jeg) ikke (?:siger|fravælg|gør indsigelse|afvis|svar|framel)\w*",
    r"\bmedmindre (?:du|jeg) \w+",
    r"\bfjerne? (?:krydset|fluebenet|afkrydsningen|markeringen)\b",
    r"\bunless (?:you|I) \w+",
    r"\bif (?:you|I) (?:do not|don['’]t) (?:object|say|opt|untick|uncheck|decline"
    r"|reply|answer)\w*",
    r"\bun(?:tick|check) ",
)

# A yes as the price of something else.
BUNDLED = _any(
    r"\b(?:genom|i och med) (?:att|mitt|ditt)\b[^.]{0,60}(?:medlem|handla|köp"
    r"|registrera|skapa|använd)\w*[^.]{0,60}(?:godkän|samtyck|accepter|tillåt"
    r"|går (?:jag|du)|ger (?:jag|du))\w*[^.]{0,60}",
    r"\bsom medlem (?:godkän|samtyck|accepter|tillåt|går (?:jag|du) med)\w*[^.]{0,60}",
    r"\b(?:krävs|krav|förutsättning|nödvändigt)\b[^.]{0,50}(?:medlem|poäng|rabatt"
    r"|klubben)\w*",
    r"\b(?:medlem|poäng|rabatt|bonus)\w*\b[^.]{0,60}\b(?:kräver|förutsätter|krävs"
    r"|endast om|bara om)\b[^.]{0,40}",
    r"\bför att (?:få )?(?:bli|vara|förbli) medlem\b[^.]{0,60}",
    r"\b(?:ved at|i og med at|idet)\b[^.]{0,60}(?:medlem|handle|købe|oprette|bruge"
    r"|tilmelde)\w*[^.]{0,60}(?:accepter|samtykk|godkend|tillad|giver (?:jeg|du))\w*"
    r"[^.]{0,60}",
    r"\bsom medlem (?:accepter|samtykk|godkend|tillad|giver (?:jeg|du))\w*[^.]{0,60}",
    r"\b(?:kræves|krav|betingelse|forudsætning|nødvendigt)\b[^.]{0,50}(?:medlem|point"
    r"|rabat|klubben)\w*",
    r"\b(?:medlem|point|rabat|bonus)\w*\b[^.]{0,60}\b(?:kræver|forudsætter|kræves"
    r"|kun,? hvis)\b[^.]{0,40}",
    r"\bfor at (?:blive|være|forblive) medlem\b[^.]{0,60}",
    r"\bby (?:becoming|being|joining|signing|registering|creating|shopping|buying"
    r"|using|continuing)\b[^.]{0,80}(?:agree|accept|consent|approve|allow|permit)\w*"
    r"[^.]{0,60}",
    r"\bas a member[^.]{0,20}(?:agree|accept|consent|approve|allow)\w*[^.]{0,60}",
    r"\b(?:required|requirement|condition|necessary)\b[^.]{0,50}(?:member|points"
    r"|discount|club)\w*",
    r"\b(?:member|points|discount|bonus)\w*\b[^.]{0,60}\b(?:requires?|depends? on"
    r"|only if)\b[^.]{0,40}",
    r"\bin order to (?:be|become|remain) a member\b[^.]{0,60}",
)

# The terms, accepted in what should be a permission.
TERMS = _any(
    r"\b(?:godkän|accepter|samtyck|godkend|samtykk|agree|accept|consent|tagit del av"
    r"|läst|læst|have read)\w*\b[^.]{0,60}\b(?:medlemsvillkor|köpvillkor|villkor"
    r"|medlemsvilkår|vilkår|handelsbetingelser|betingelser|terms|conditions"
    r"|integritetspolicy|privatlivspolitik|persondatapolitik|privacy policy)\w*",
)

_OFFERS = (
    r"(?:erbjudande|reklam|rabatt|kampanj|nyhetsbrev|marknadsföring|tilbud|rabat"
    r"|kampagne|nyhedsbrev|markedsføring|offer|advertis|discount|campaign|newsletter"
    r"|marketing|promotion)\w*"
)
_SURVEYS = (
    r"(?:enkät\w*|\w*undersökning\w*|spørgeskema\w*|\w*undersøgelse\w*|surveys?"
    r"|questionnaires?|frågor om (?:mina|dina) (?:besök|köp)"
    r"|spørgsmål om (?:mine|dine) (?:besøg|køb)"
    r"|questions about (?:my|your) (?:visits?|purchases?))"
)
_PARTNERS = (
    r"(?:(?:samarbets|affärs|samarbejds|forretnings)?partner\w*|tredje ?part\w*"
    r"|third[- ]part\w+|andra (?:företag|bolag)|andre (?:virksomheder|selskaber)"
    r"|other companies"
    r"|(?:lämna ut|lämnas ut|dela|delas|sälja|överföra)\b[^.]{0,40}(?:uppgift|data)\w*"
    r"|videregiv\w*|(?:share|sell|pass on|disclose)\b[^.]{0,40}(?:data|details"
    r"|information))"
)
_PROFILING = (
    r"(?:profiler(?:a|as|ing|ingen|e|es)|profiling|profile (?:me|you)"
    r"|personanpass\w*|personlig(?:a|e) (?:erbjudanden|tilbud)|personal offers"
    r"|anpass\w+\b[^.]{0,50}(?:köp|handl|intresse|beteende)\w*"
    r"|tilpass\w+\b[^.]{0,50}(?:køb|handl|interesse|adfærd)\w*"
    r"|(?:fitted|tailored|adapted|personali[sz]ed|based)\b[^.]{0,50}(?:bought|buy"
    r"|purchase|interest|behaviou?r)\w*"
    r"|utifrån (?:det|vad) (?:jag|du) (?:köp|har köp|handl)\w*"
    r"|ud fra (?:det|hvad),? (?:jeg|du) (?:køb|har køb|handl)\w*"
    r"|köpvanor|købsvaner|buying habits)"
)
SURVEYS = _any(rf"\b{_SURVEYS}")
PARTNERS = _any(rf"\b{_PARTNERS}")
PROFILING = _any(rf"\b{_PROFILING}")
OFFERS = _any(rf"\b{_OFFERS}")
# Choosing offers is profiling; sending them is marketing.
OFFERS_SENT = _any(
    rf"\b(?:skicka|sända|mejla|messa|sende|tilsende|send|receive)\b[^.]{{0,60}}"
    rf"\b{_OFFERS}"
)

# The words for each way to reach somebody.
CHANNELS: dict[str, re.Pattern[str]] = {
    "SMS": _any(r"\bsms\b", r"\btextmeddelande\w*", r"\btext messages?\b"),
    "EMAIL": _any(
        r"\be-?post\w*", r"\be-?mail\w*", r"\bmejl\w*", r"(?<!\bby )\bmail(?:et|en)?\b"
    ),
    "PHONE": _any(
        r"\btelefonsamtal\w*",
        r"\b(?:per|via|by) (?:tele)?(?:fon|phone)\b",
        r"\bring(?:a|er|e|as)\b",
        r"\bphone calls?\b",
        r"\bcall (?:me|you)\b",
        r"\btelefonopkald\w*",
        r"\btelefonisk\b",
    ),
    "POST": _any(
        r"\b(?:per|med|via|by) (?:post|posten|mail)\b",
        r"(?<!e-)(?<!e)\b(?:brev|vanlig post|vykort|letters?)\b",
        r"\bpostal\b",
    ),
    "PUSH": _any(r"\bpush\w*", r"\bnotis\w*", r"\bnotifi[kc]ation\w*"),
}
SENDING = _any(
    r"\b(?:skicka|sända|nå mig|ringa|sende|ringe|send|reach me|call me|kontakta mig"
    r"|kontakte mig|contact me)\b"
)

WITHDRAWAL = _any(
    r"\btar?\b[^.]{0,25}\btillbaka\b",
    r"\bdrar?\b[^.]{0,25}\btillbaka\b",
    r"\båterkalla\w*",
    r"\bångra\w*",
    r"\b(?:ändra|ändrar) mig\b",
    r"\bav(?:registrera|anmäl)\w*",
    r"\b(?:tacka|säga) nej när som helst\b",
    r"\btræk\w*\b[^.]{0,25}\btilbage\b",
    r"\btilbage(?:kald|træk)\w*",
    r"\bfortryd\w*",
    r"\b(?:fra|af)meld\w*",
    r"\btake\b[^.]{0,25}\bback\b",
    r"\bwithdraw\w*",
    r"\brevoke\w*",
    r"\bchange (?:my|your) mind\b",
    r"\bunsubscrib\w*",
    r"\bopt(?:ing)? out\b",
)
WAY_BACK = _any(
    r"\bmina sidor\b",
    r"\bmine sider\b",
    r"\bmy pages\b",
    r"\blänk\w*",
    r"\blinks?\b",
    r"\blinket\b",
    r"\bsvar(?:a|e)\b",
    r"\brepl(?:y|ying)\b",
    r"\bstopp?\b",
    r"\bbutik\w*",
    r"\bstores?\b",
    r"\bkund(?:tjänst|service)\w*",
    r"\bkundeservice\w*",
    r"\bcustomer service\b",
    r"\binställning\w*",
    r"\bindstilling\w*",
    r"\bsettings\b",
    r"\bmejla\b",
    r"\bkontakta?e?\b",
    r"\bcontact\w*",
    r"\bapp(?:en)?\b",
)

NEGATED = _any(r"\b(?:inte|aldrig|ej|ikke|aldrig|not|never|no part)\b", r"n['’]t\b")
# What a yes of its own decides, told in terms: allowed.
OF_ITS_OWN = _any(
    r"\b(?:bara|endast) om\b",
    r"\bom du (?:har )?(?:sagt|säger) ja\b",
    r"\bkun,? (?:hvis|når)\b",
    r"\bhvis du (?:har )?(?:sagt|siger) ja\b",
    r"\bonly (?:if|when)\b",
    r"\bif you (?:have said|say) yes\b",
    r"\b(?:separat|särskilt|särskilda|særskilt|separately)\b",
)
PERMITTING = _any(
    r"\b(?:samtyck|godkän|accepter|tillåt|samtykk|godkend|tillad|consent|agree|accept"
    r"|allow|permit)\w*\b[^.]{0,120}?"
    rf"\b(?:{_OFFERS}|{_SURVEYS}|{_PARTNERS}|{_PROFILING})",
    r"\b(?:går (?:du|jag) med på"
    r"|(?:ger (?:du|jag)|(?:du|jag) ger)[^.]{0,30}(?:rätt|tillåtelse|lov)"
    r"|(?:giver (?:du|jeg)|(?:du|jeg) giver)[^.]{0,30}(?:ret|lov|tilladelse))\b"
    r"[^.]{0,120}?"
    rf"\b(?:{_OFFERS}|{_SURVEYS}|{_PARTNERS}|{_PROFILING})",
)
_BY_MESSAGE = r"\b(?:sms|e-?post|e-?mail|mejl|telefon|phone|text messages?)\b"
SENT_BY_RULE = _any(
    rf"\b{_OFFERS}\b[^.]{{0,80}}{_BY_MESSAGE}",
    rf"{_BY_MESSAGE}[^.]{{0,80}}\b{_OFFERS}",
    r"\b(?:skickar|får|sender|modtager|får|send|sends|receive|get)\b[^.]{0,60}"
    r"\b(?:nyhetsbrev|nyhedsbrev|newsletter|reklam|reklame|advertising)\w*",
)

MARKUP = _any(r"</?[a-z!][^>]*>")
PLACEHOLDER = _any(
    r"\{\{.*?\}\}",
    r"\{%.*?%\}",
    r"\[(?!\s*[x✓✔]\s*\])[^\]\n]{2,80}\]",
    r"\bX{3,}\b",
    r"_{3,}",
    r"\blorem ipsum\b",
)
