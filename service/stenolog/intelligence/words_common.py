"""List words that say little about what is spoken of: grammar, talk, and everyday verbs."""

from __future__ import annotations

_GRAMMAR = """
    a about above across after afterwards again against ago all almost alone along already also
    although always am among an and another any anybody anyhow anyone anything anyway anywhere are
    aren't around as aside at away back be became because become been before behind being below
    beside besides between beyond both but by can can't cannot could couldn't did didn't do does
    doesn't doing don't done down during each either else enough especially etc even ever every
    everybody everyone everything everywhere except few first for former from further had hadn't
    has hasn't have haven't having he he'd he'll he's hence her here here's hers herself him himself
    his how however i i'd i'll i'm i've if in indeed instead into is isn't it it'd it'll it's its
    itself just last later least less let let's like likely many may maybe me might mine more
    moreover most mostly much must my myself near neither never next no nobody none nor not nothing
    now nowhere of off often on once one only onto or other others otherwise our ours ourselves out
    over own per perhaps quite rather same several shall she she'd she'll she's should shouldn't
    since so some somebody somehow someone something sometimes somewhere still such than that that'd
    that'll that's the their theirs them themselves then there there's therefore these they they'd
    they'll they're they've this those though through throughout thus till to together too toward
    towards under unless until up upon us very was wasn't we we'd we'll we're we've well were
    weren't what what's whatever when whenever where wherever whether which while who who's whoever
    whole whom whose why will with within without won't would wouldn't yet you you'd you'll you're
    you've your yours yourself yourselves
    """
_TALK = """
    absolutely actually ah alright anyways basically bit bye certainly course definitely exactly
    fine frankly fully glad good goodbye great guess ha hello hey hi hmm honestly kind kinda know
    literally lot lots mean mhm mm nice obviously oh ok okay please possibly pretty probably
    really right simply sir ma'am sorry sort sure thank thanks truly uh uhhuh um welcome yeah yep
    yes yup awesome perfect wonderful moment minute second
    """
_VERBS = """
    add added allow allowed appear appears apply ask asked asking asks assist assuming avoid
    based began begin begins believe bring brings brought call called calling calls came care
    change changed check checked come comes coming consider contain contains continue continued
    cover covered covers create created decide decided describe does ended ends expect explain
    explained feel feels felt find finding finds follow following follows found gave get gets
    getting give given gives giving go goes going gone gonna got gotta gotten happen happened
    happening happens hear heard help helped helps hold hope hoped hoping imagine include
    included includes keep keeps kept knew known knows lead leads learn leave left listen live
    lived lives look looked looking looks lose love made make makes making matter meet met
    mentioned move moved need needed needs notice offer open paced pay press provide provided
    pull put puts ran reach read reading realize receive received remember remembered run runs
    said sat saw say saying says see seem seemed seems seen sent set sets show showed shown
    shows sit sounds speak speaking spoke spoken stand start started starting stay stayed stop
    stopped suppose take taken takes taking talk talked talking tell telling tells tend tends
    think thinking thinks thought told took touch tried try trying turn turned understand
    understood use used uses using visit wait waited waiting walk walked want wanted wants watch
    went wish wondering work worked working works write wrote affect causing caused causes
    triggering triggered getting hit drop dropped dropping
    """
_PLAIN = """
    able available bad best better big certain clear common current different difficult due early
    easier easy entire extra far fast final following full general half hard high higher important
    interesting large larger late little long longer low lower main major minor necessary new normal
    old particular particularly possible previous quick quickly ready real recent regular short
    similar simple single small smaller soon special specific strong sudden total usual usually
    various wide
    end days day hour hours kinds people person place point
    reason side stuff thing things time times today tomorrow tonight way ways week weeks year years
    yesterday month months morning afternoon evening couple number part rest example fact case guy
    guys man men woman women name names word words
    zero two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty sixty
    seventy eighty ninety hundred thousand million billion half dozen
    monday tuesday wednesday thursday friday saturday sunday
    """
COMMON = frozenset(f"{_GRAMMAR} {_TALK} {_VERBS} {_PLAIN}".split())
