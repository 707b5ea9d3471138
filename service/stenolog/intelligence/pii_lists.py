"""List words that name kinds of things about people: short lists, for English conversations.

Each is a hint and no census: what is not in it is found by the words around it, or not at all.
"""

from __future__ import annotations

from stenolog.intelligence.pii_tokens import phrases, word_set


def _phrase_set(text: str) -> frozenset[str]:
    return frozenset(" ".join(words) for words in phrases(text))


# Common given names of English-speaking countries that are no common words.
GIVEN_NAMES = word_set("""
    aaron abigail adam adrian aisha alan albert alejandro alex alexander alexandra alexis alfred
    alice alicia alison allison amanda amber amelia amir amy ana andrea andrew andy angela anita
    ann anna anne annie anthony antonio arthur ashley audrey austin ava barbara beatrice becky
    benjamin bernard beth betty beverly bob bobby brandon brenda brian brittany bruce bryan caleb
    cameron carl carla carlos carol caroline carolyn catherine charles charlie charlotte cheryl
    chris christian christina christine christopher cindy claire clara connor craig crystal
    cynthia dale dan daniel daniela danielle danny darren dave david dawn dean deborah debra
    denise dennis derek diana diane diego dominic donald donna doris dorothy douglas dylan eddie
    edith edward edwin eileen elaine eleanor elena elijah elizabeth ellen emily emma eric erica
    erin ethan eugene eva evelyn fatima felix fiona florence frances francis frank fred gabriel
    gary gavin geoffrey george gerald giulia gloria gordon greg gregory hannah harold harry
    heather helen henry howard ian irene isaac isabel isabella ivan jack jackie jackson jacob
    jacqueline james jamie jane janet janice jared jasmine jason javier jean jeff jeffrey jennifer
    jenny jeremy jerry jesse jessica jesus jill jim jimmy joan joanna joe joel johanna john johnny
    jonathan jordan jorge jose joseph joshua joyce juan judith judy julia julian julie justin karen
    karl kate katherine kathleen kathryn kathy katie kayla keith kelly ken kenneth kevin kim
    kimberly kyle larry laura lauren laurie lawrence leah lee leo leon leonard leslie levi liam
    lillian linda lisa logan lois lori louis louise lucas lucy luis luke lydia lynn madison
    malcolm marcus margaret maria marie marilyn marion marjorie martha martin marvin mary mason
    matt matthew maureen max megan melanie melissa michael michelle miguel mike mildred mohamed
    mohammed monica morgan nancy naomi natalie natasha nathan neil nicholas nicole nigel nina noah
    nora norma norman oliver olivia oscar owen pablo pamela patricia patrick paul paula pauline
    pedro peggy peter philip phillip phyllis priya rachel ralph ramon raymond rebecca ricardo
    richard rita robert roberta roger ronald rosa rosemary ross roy ruth ryan sally sam samantha
    samuel sandra sara sarah scott sean sebastian sharon shawn sheila shirley simon sofia sophia
    sophie stella stephanie stephen steve steven stuart susan suzanne sylvia tamara tammy tanya
    ted teresa terry theodore theresa thomas tiffany tim timothy tina todd tom tony tracy travis
    trevor tyler valerie vanessa veronica victor victoria vincent virginia vivian walter wanda
    wayne wendy wesley william xavier yolanda yvonne zachary zoe
    """)

STATES = frozenset(
    """
    alabama|alaska|arizona|arkansas|california|colorado|connecticut|delaware|florida|georgia|hawaii
    |idaho|illinois|indiana|iowa|kansas|kentucky|louisiana|maine|maryland|massachusetts|michigan
    |minnesota|mississippi|missouri|montana|nebraska|nevada|new hampshire|new jersey|new mexico
    |new york|north carolina|north dakota|ohio|oklahoma|oregon|pennsylvania|rhode island
    |south carolina|south dakota|tennessee|texas|utah|vermont|washington|west virginia|wisconsin
    |wyoming|ontario|quebec|british columbia|alberta|manitoba|nova scotia|new south wales
    |queensland|tasmania
    """.replace("\n    ", "")
    .strip()
    .split("|")
)
COUNTRIES = frozenset(
    """
    afghanistan|algeria|argentina|australia|austria|bangladesh|belgium|bolivia|brazil|britain
    |bulgaria|cambodia|cameroon|canada|chile|china|colombia|costa rica|croatia|cuba|denmark|ecuador
    |egypt|england|estonia|ethiopia|finland|france|germany|ghana|great britain|greece|guatemala
    |hungary|iceland|india|indonesia|iran|iraq|ireland|israel|italy|jamaica|japan|kenya|kuwait
    |latvia|lebanon|libya|lithuania|malaysia|mexico|mongolia|morocco|nepal|netherlands|new zealand
    |nigeria|north korea|norway|pakistan|panama|peru|philippines|poland|portugal|puerto rico|qatar
    |romania|russia|saudi arabia|scotland|senegal|serbia|singapore|slovakia|slovenia|somalia
    |south africa|south korea|spain|sri lanka|sudan|sweden|switzerland|syria|taiwan|tanzania
    |thailand|tunisia|uganda|ukraine|united kingdom|united states|united states of america|uruguay
    |venezuela|vietnam|wales|yemen|zambia|zimbabwe|u.s|u.k|usa|uk
    """.replace("\n    ", "")
    .strip()
    .split("|")
)
CITIES = frozenset(
    """
    albuquerque|amsterdam|athens|atlanta|auckland|baltimore|bangkok|barcelona|beijing|berlin
    |birmingham|boston|bristol|brooklyn|brussels|budapest|buenos aires|cairo|calgary|cape town
    |chicago|cincinnati|cleveland|columbus|copenhagen|dallas|delhi|denver|detroit|dubai|dublin
    |edinburgh|fort worth|frankfurt|geneva|glasgow|hamburg|helsinki|hong kong|honolulu|houston
    |indianapolis|istanbul|jacksonville|jakarta|johannesburg|kansas city|kyiv|lagos|las vegas|leeds
    |lisbon|liverpool|london|los angeles|louisville|madrid|manchester|manhattan|manila|melbourne
    |memphis|mexico city|miami|milan|milwaukee|minneapolis|montreal|moscow|mumbai|munich|nairobi
    |nashville|new delhi|new orleans|oakland|oklahoma city|orlando|osaka|oslo|ottawa|paris|perth
    |philadelphia|phoenix|pittsburgh|portland|prague|rome|sacramento|salt lake city|san antonio
    |san diego|san francisco|san jose|santiago|sao paulo|seattle|seoul|shanghai|st. louis|stockholm
    |sydney|tampa|tel aviv|tokyo|toronto|tucson|vancouver|vienna|warsaw|washington d.c|zurich
    """.replace("\n    ", "")
    .strip()
    .split("|")
)
COMPANIES = frozenset(
    """
    adobe|airbnb|amazon|american airlines|american express|apple|at&t|bank of america|barclays|bmw
    |boeing|capital one|chase|citibank|coca-cola|comcast|costco|delta airlines|disney|dropbox|ebay
    |expedia|facebook|fedex|ford|general motors|google|honda|hsbc|ibm|ikea|intel|linkedin
    |mastercard|mcdonald's|mercedes|microsoft|netflix|nike|oracle|paypal|pepsi|pfizer|samsung
    |shopify|siemens|sony|spotify|starbucks|t-mobile|tesla|toyota|twitter|uber|ups|usps|verizon
    |visa|vodafone|volkswagen|walgreens|walmart|wells fargo|youtube|zoom
    """.replace("\n    ", "")
    .strip()
    .split("|")
)
