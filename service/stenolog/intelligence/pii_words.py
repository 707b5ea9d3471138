"""Find what short lists of words name: health, work, faith, origin and the like."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from stenolog.intelligence.pii_tokens import Span, Token, word_set

# Each word or phrase, in small letters; a trailing `*` allows a plural s.
LISTS: Mapping[str, str] = {
    "blood_type": "a positive|a negative|b positive|b negative|ab positive|ab negative|o positive"
    "|o negative|type a|type b|type ab|type o",
    "drug": "acetaminophen|adderall|advil|albuterol|amoxicillin|ambien|aspirin|atorvastatin"
    "|cannabis|cocaine|codeine|fentanyl|heroin|ibuprofen|insulin|lipitor|lisinopril|lsd|marijuana"
    "|mdma|metformin|methadone|morphine|naloxone|naproxen|oxycodone|ozempic|paracetamol|penicillin"
    "|prednisone|prozac|ritalin|statins|tylenol|valium|viagra|vicodin|warfarin|xanax|zoloft",
    "event": "christmas|easter|halloween|hanukkah|ramadan|thanksgiving|new year's eve|olympics"
    "|super bowl|world cup|world war ii|world war two|world war i|9/11|diwali|passover",
    "gender_sexuality": "asexual|bisexual|female|gay|heterosexual|homosexual|lesbian|male"
    "|non-binary|nonbinary|queer|straight man|straight woman|transgender|cisgender",
    "injury": "broken arm*|broken bone*|broken leg*|bruise*|burn*|concussion*|dislocated shoulder"
    "|fracture*|sprained ankle*|sprain*|whiplash|torn ligament*|stab wound*|gunshot wound*",
    "language": "arabic|bengali|cantonese|english|farsi|french|german|hebrew|hindi|italian|japanese"
    "|korean|mandarin|polish|portuguese|punjabi|russian|spanish|swahili|tagalog|turkish|urdu"
    "|vietnamese",
    "marital_status": "divorced|engaged|husband|married|never married|newlywed*|separated"
    "|single mom|single mother|single dad|spouse|unmarried|widow*|widowed|widower*|wife",
    "medical_condition": "adhd|aids|allergy|allergies|alzheimer's|anemia|anxiety|arthritis|asthma"
    "|autism|bipolar disorder|cancer|chickenpox|cholera|copd|covid|covid-19|dementia|depression"
    "|diabetes|diabetic|eczema|epilepsy|flu|heart attack*|heart disease|hepatitis"
    "|high blood pressure|hiv|hypertension|insomnia|leukemia|malaria|migraine*|multiple sclerosis"
    "|obesity|osteoporosis|parkinson's|pneumonia|psoriasis|ptsd|schizophrenia|seizure*|stroke|tuberculosis|tumor*",
    "medical_process": "amputation|appendectomy|biopsy|blood test*|ct scan*|chemo|chemotherapy"
    "|colonoscopy|dialysis|endoscopy|hip replacement|knee replacement|mri|physical therapy|surgery"
    "|surgeries|transfusion|transplant|ultrasound|vaccination*|vaccine*|x-ray*|c-section",
    "nationality": "african american|american|argentinian|australian|austrian|belgian|brazilian"
    "|british|canadian|chinese|colombian|cuban|danish|dutch|egyptian|english|filipino|finnish|french"
    "|german|greek|hungarian|indian|indonesian|iranian|iraqi|irish|israeli|italian|jamaican|japanese"
    "|kenyan|korean|lebanese|mexican|moroccan|nigerian|norwegian|pakistani|peruvian|polish"
    "|portuguese|romanian|russian|scottish|serbian|spanish|swedish|swiss|syrian|thai|turkish"
    "|ukrainian|venezuelan|vietnamese|welsh",
    "occupation": "accountant*|actor*|actress|architect*|attorney*|baker|barber*|bartender*"
    "|carpenter*|cashier*|chef*|chemist*|dentist*|doctor*|driver*|electrician*|engineer*|farmer*|firefighter*"
    "|gardener*|hairdresser*|housekeeper*|instructor*|janitor*|journalist*|judge*|lawyer*|librarian*"
    "|manager*|mechanic*|nurse*|painter*|paramedic*|pharmacist*|photographer*|physician*|pilot*"
    "|plumber*|police officer*|professor*|programmer*|psychologist*|realtor*|receptionist*"
    "|scientist*|secretary|security guard*|software developer*|software engineer*|soldier*"
    "|surgeon*|teacher*|technician*|therapist*|translator*|veterinarian*|waiter*|waitress",
    "political_affiliation": "communist*|conservative party|democrat*|democratic party|green party"
    "|labour party|liberal party|libertarian*|republican*|republican party|socialist*|tory|tories",
    "religion": "agnostic|atheist*|baptist*|buddhism|buddhist*|catholic*|catholicism|christian*"
    "|christianity|evangelical*|hindu*|hinduism|islam|islamic|jew*|jewish|judaism|lutheran*"
    "|methodist*|mormon*|muslim*|orthodox|protestant*|quaker*|sikh*",
    "zodiac_sign": "aquarius|aries|cancerian|capricorn|gemini|libra|pisces|sagittarius|scorpio"
    "|taurus|virgo",
}
# What is also another word: only with a capital, or not at all.
CAPITALISED = frozenset(
    {"event", "language", "nationality", "political_affiliation", "religion", "zodiac_sign"}
)
EITHER = frozenset({"language", "nationality"})
SPEAKS = frozenset(
    {"speak", "speaks", "speaking", "spoke", "language", "fluent", "in", "translate"}
)
COLOURS = word_set("blue brown green hazel black blond blonde red grey gray white dark")
BODY = frozenset({"eyes", "hair", "beard", "skin"})
PERCENT = re.compile(r"\d[\d.,]*%")


def listed_in(tokens: Sequence[Token]) -> Iterator[Span]:
    """Yield what the lists name, and shares in percent, and colours of eyes and hair.

    Method: whole words and phrases; kinds in `CAPITALISED` need a capital. What names a people and
    a language is a language behind "speak" and "in".

    Limits: short lists for English; a word outside of them is missed, and so is all that needs
    understanding ("he cannot walk").
    """
    for at, token in enumerate(tokens):
        if PERCENT.fullmatch(token.core):
            yield Span(first=at, last=at + 1, kind="statistics")
        elif token.low in ("percent", "percentage") and at:
            yield Span(first=at - 1, last=at + 1, kind="statistics")
        elif token.low in BODY and at and tokens[at - 1].low in COLOURS:
            yield Span(first=at - 1, last=at + 1, kind="physical_attribute")
        yield from _longest(tokens, at)


def _longest(tokens: Sequence[Token], at: int) -> Iterator[Span]:
    best: dict[str, int] = {}
    for words, kind in _TABLE.get(tokens[at].low, ()):
        end = at + len(words)
        if [token.low for token in tokens[at:end]] != list(words):
            continue
        if kind in CAPITALISED and not tokens[at].capital:
            continue
        best[kind] = max(best.get(kind, 0), end)
    if best.keys() >= EITHER:
        spoken = at and tokens[at - 1].low in SPEAKS
        del best["nationality" if spoken else "language"]
    for kind, end in best.items():
        yield Span(first=at, last=end, kind=kind)


def _table() -> Mapping[str, list[tuple[tuple[str, ...], str]]]:
    table: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for kind, names in LISTS.items():
        for name in names.split("|"):
            forms = [name.rstrip("*")] + ([name.replace("*", "s")] if name.endswith("*") else [])
            for form in forms:
                words = tuple(form.split())
                table.setdefault(words[0], []).append((words, kind))
    return table


_TABLE = _table()
