"""List the words by which sensitive content is told, each with how clearly and how gravely.

Of each label: a line of what it is about, in words that its vector is made of, and words in three
grades. `weak` words have an innocent meaning too, and count in company; `clear` ones name the
thing; `grave` ones name its worst. Words stand in their basic form; the words of a phrase, four at
most, are joined by `_`.
Own lists, made for speech; the labels are those of the service's documentation.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """What a label is told by; `graded` is False where the service gives it no severity."""

    about: str
    weak: str = ""
    clear: str = ""
    grave: str = ""
    graded: bool = True


# Not here: `negative_news`. News is negative by what it tells and not by its words: a list of
# words finds it no better than chance, so that it is never reported.
SIGNS: dict[str, Signs] = {
    "accidents": Signs(
        about="accident crash collision wreck injured people vehicle emergency victims",
        weak="crash fell burn trap rescue spill slip leak smash",
        clear="accident collision collide derail wreck pileup drown electrocute explosion "
        "explode capsize run_over car_crash plane_crash hit_by_a_car building_collapse "
        "house_fire gas_leak oil_spill",
        grave="fatal_crash fatal_accident deadly_crash killed_in_a_crash fatality",
    ),
    "alcohol": Signs(
        about="drinking beer wine whiskey vodka alcohol drunk bar liquor",
        weak="drink bar pub brew shot toast bottle cellar",
        clear="alcohol alcoholic beer wine whiskey whisky vodka rum gin tequila liquor cocktail "
        "brandy champagne bourbon scotch tipsy brewery winery hangover booze lager "
        "margarita martini sober bartender happy_hour",
        grave="drunk wasted alcoholism drunk_driving binge_drinking blackout_drunk",
    ),
    "financials": Signs(
        about="company revenue earnings profit quarter shareholders guidance margin fiscal results",
        weak="quarter margin guidance growth forecast share debt outlook",
        clear="revenue earnings profit ebitda shareholder dividend fiscal gross_margin net_income "
        "cash_flow balance_sheet operating_income earnings_per_share year_over_year "
        "stock_buyback profit_margin free_cash_flow basis_points",
        grave="insider_trading material_nonpublic_information",
        graded=False,
    ),
    "crime_violence": Signs(
        about="crime murder robbery assault police victim killed attacked arrested violence",
        weak="police gang suspect arrest charge attack fight beat jail prison cop hit shot "
        "criminal illegal fraud",
        clear="crime robbery robber rob burglary burglar theft steal stole assault kidnap "
        "kidnapping stab stabbing violence violent convict homicide manslaughter felony "
        "blackmail extortion abuse smuggle embezzle thug strangle arson mugging mugged "
        "shooting",
        grave="murder murderer rape rapist kill killer torture massacre behead lynch "
        "beat_to_death human_trafficking domestic_violence serial_killer",
    ),
    "drugs": Signs(
        about="illegal drugs cocaine heroin meth dealer overdose addiction",
        weak="drug dealer dose addict high pill rehab needle snort",
        clear="cocaine heroin meth methamphetamine ecstasy mdma lsd ketamine opioid fentanyl "
        "crack narcotic psychedelic amphetamine addiction opium magic_mushrooms drug_dealer "
        "drug_use illegal_drugs drug_abuse drug_trade crystal_meth",
        grave="overdose overdosed shoot_up_heroin drug_cartel drug_trafficking",
    ),
    "gambling": Signs(
        about="gambling casino poker betting slot machines odds blackjack wager",
        weak="bet odds jackpot dealer chips lottery stake dice",
        clear="gamble gambling gambler casino poker blackjack roulette sportsbook bookmaker "
        "bookie wager betting baccarat craps slot_machine sports_bet place_a_bet "
        "point_spread texas_hold'em scratch_card",
        grave="gambling_addiction gambling_debt lost_everything_gambling",
    ),
    "hate_speech": Signs(
        about="hatred against people of a race religion ethnicity or sexual orientation",
        weak="hate inferior filthy disgusting invade vermin savage deport breed",
        clear="racist racism nazi antisemitic antisemitism homophobic xenophobic bigot bigotry "
        "misogynist islamophobia supremacist supremacy racial_slur white_power master_race "
        "go_back_to_your_country hate_those_people",
        grave="subhuman ethnic_cleansing gas_the inferior_race exterminate_them "
        "should_all_be_killed kill_all death_to_all white_supremacy",
    ),
    "health_issues": Signs(
        about="illness disease symptoms patient diagnosis hospital treatment pain infection",
        weak="pain sick doctor hospital treatment symptom medication patient ill health chronic "
        "exposure vulnerable breathe breathing surgery fever cough clinic therapy",
        clear="disease illness cancer diabetes asthma stroke infection virus tumor diagnosis "
        "diagnose pneumonia depression anxiety arthritis hypertension respiratory "
        "cardiovascular dementia alzheimer epilepsy allergy migraine kidney covid "
        "chemotherapy inflammation neurological unhealthy preexisting influenza bronchitis "
        "insulin heart_attack blood_pressure heart_condition panic_attack health_problem "
        "mental_health air_pollution side_effect",
        grave="terminal_cancer suicide suicidal life_threatening heart_failure organ_failure",
    ),
    "manga": Signs(
        about="manga anime japanese comics naruto pokemon",
        weak="otaku cosplay",
        clear="manga anime pokemon naruto shonen dragon_ball one_punch_man sailor_moon "
        "attack_on_titan studio_ghibli my_hero_academia",
        graded=False,
    ),
    "marijuana": Signs(
        about="marijuana cannabis weed smoking pot joint thc dispensary",
        weak="weed pot joint edible stoned high blunt bong",
        clear="marijuana cannabis thc cbd hashish hash ganja dispensary sativa indica smoke_weed "
        "smoking_weed smoke_pot get_stoned medical_marijuana",
    ),
    "disasters": Signs(
        about="hurricane earthquake flood wildfire tornado tsunami natural disaster evacuation",
        weak="storm fire smoke flood evacuate drought damage rubble magnitude aftershock shelter",
        clear="hurricane earthquake wildfire tornado tsunami typhoon cyclone avalanche landslide "
        "mudslide volcano eruption flooding blizzard firestorm disaster famine forest_fire "
        "storm_surge flash_flood natural_disaster heat_wave fire_season",
        grave="catastrophe catastrophic devastate devastation death_toll",
    ),
    "nsfw": Signs(
        about="adult content nude naked explicit erotic sexy strip club",
        weak="sexy naked explicit kinky fetish strip hookup seduce lingerie horny",
        clear="nude nudity topless stripper nsfw erotic orgasm masturbate penis vagina boob tits "
        "blowjob strip_club adult_film sex_toy dick_pic one_night_stand have_sex having_sex "
        "oral_sex",
        graded=False,
    ),
    "pornography": Signs(
        about="pornography porn sex video explicit sexual material",
        weak="explicit webcam escort",
        clear="porn porno pornography pornographic pornstar pornhub onlyfans hentai milf sex_tape "
        "adult_video porn_star",
        grave="child_pornography child_porn revenge_porn",
    ),
    "profanity": Signs(
        about="swearing cursing insults",
        weak="damn hell crap suck bloody jerk idiot stupid",
        clear="shit bullshit bitch bastard asshole ass piss pissed dick prick douchebag goddamn "
        "horseshit dumbass wanker bollocks slut whore",
        grave="fuck fucker fucking motherfucker cunt cocksucker son_of_a_bitch",
    ),
    "sensitive_social_issues": Signs(
        about="abortion racism gender identity immigration discrimination protest religion",
        weak="gender protest minority discrimination religion immigrant refugee equality "
        "inequality prejudice border",
        clear="abortion racism sexism transgender homophobia immigration euthanasia genocide "
        "slavery segregation lgbt lgbtq transphobia apartheid gun_control same_sex_marriage "
        "gay_marriage black_lives_matter police_brutality gender_identity hate_crime "
        "sexual_orientation sexual_harassment death_penalty human_rights",
        graded=False,
    ),
    "terrorism": Signs(
        about="terrorist attack bombing extremists isis hostage jihad",
        weak="bomb hostage extremist radical militant detonate hijack cell",
        clear="terrorist terrorism jihad jihadist isis taliban hezbollah bombing hijacking "
        "insurgent al_qaeda suicide_bomb suicide_bomber car_bomb islamic_state "
        "extremist_group nine_eleven",
        grave="mass_shooting terror_attack terrorist_attack suicide_bombing",
    ),
    "tobacco": Signs(
        about="smoking cigarettes tobacco nicotine vaping cigar smoker",
        weak="smoke smoker smoking pack lighter chew pipe",
        clear="cigarette tobacco nicotine vape vaping cigar juul hookah snus menthol e_cigarette "
        "chain_smoker pack_a_day quit_smoking second_hand_smoke chewing_tobacco",
        grave="lung_cancer_from_smoking",
    ),
    "weapons": Signs(
        about="gun rifle pistol ammunition knife weapon shoot bullets missile",
        weak="shoot shot shooting fire knife blade arm trigger aim round magazine tank",
        clear="gun rifle pistol shotgun handgun firearm bullet ammunition ammo weapon grenade "
        "missile revolver machete dagger torpedo holster silencer sniper warhead bayonet "
        "machine_gun assault_rifle ar_fifteen pocket_knife cruise_missile",
        grave="nuclear_weapon chemical_weapon biological_weapon dirty_bomb",
    ),
}
