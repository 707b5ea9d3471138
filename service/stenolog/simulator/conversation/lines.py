"""List what the simulator's callers say, with everything that can be found in each line."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One sentence; a slot such as `{person_name}` is an entity of that type.

    Attributes:
        sentiment: What sentiment analysis says of it.
        safety: The content safety label that it deserves, or None.
    """

    text: str
    sentiment: str = "NEUTRAL"
    safety: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """What a stretch of the conversation is about.

    Attributes:
        gist: A chapter's gist; headline: its headline.
        category: A path of the IAB content taxonomy.
        phrases: Key phrases, as they occur in the lines.
        lines: In an order in which they can be said; speakers take turns.
    """

    gist: str
    headline: str
    category: str
    phrases: tuple[str, ...]
    lines: tuple[Line, ...]


SLOTS: dict[str, tuple[str, ...]] = {
    "person_name": ("Ada Bergstrom", "Tomas Okafor", "Lena Marsh", "Ravi Castellan"),
    "organization": ("Northwind Travel", "Harbour Energy", "Meadow Clinic"),
    "location": ("Rotterdam", "Leeds", "Porto", "Montreal"),
    "phone_number": ("0 20 7946 0113", "0 161 496 0245"),
    "email_address": ("ada@harbour.example", "lena@meadow.example"),
    "date": ("the third of May", "the ninth of October", "the first of June"),
    "money_amount": ("forty euros", "two hundred euros", "eighteen euros"),
    "occupation": ("nurse", "electrician", "teacher"),
    "drug": ("ibuprofen", "amoxicillin"),
}

TOPICS: tuple[Topic, ...] = (
    Topic(
        gist="Opening the call",
        headline="The caller introduces herself and says why she calls.",
        category="BusinessAndFinance>Business>CustomerService",
        phrases=("customer number", "service desk"),
        lines=(
            Line(text="Good morning, this is the service desk of {organization}."),
            Line(text="Hello, my name is {person_name} and I work as a {occupation}."),
            Line(text="Thank you for calling, I am glad to help you.", sentiment="POSITIVE"),
            Line(text="I looked for my customer number, but I could not find it anywhere."),
            Line(text="That is no problem, can you give me your phone number?"),
            Line(text="Yes, it is {phone_number}."),
        ),
    ),
    Topic(
        gist="A wrong invoice",
        headline="An invoice was charged twice and will be refunded.",
        category="PersonalFinance>ConsumerBanking",
        phrases=("last invoice", "second payment"),
        lines=(
            Line(
                text="My last invoice was charged twice, and I am really annoyed.",
                sentiment="NEGATIVE",
                safety="financials",
            ),
            Line(text="I am sorry to hear that, let me look at it."),
            Line(text="You took {money_amount} on {date}, and then again.", safety="financials"),
            Line(text="I can see the second payment here, and it was our mistake."),
            Line(text="We will send the money back within five days.", safety="financials"),
            Line(text="That is wonderful, thank you so much.", sentiment="POSITIVE"),
        ),
    ),
    Topic(
        gist="A delayed journey",
        headline="A train was cancelled and the traveller asks for another one.",
        category="Travel>TravelType>RailTravel",
        phrases=("night train", "other connection"),
        lines=(
            Line(text="The night train to {location} was cancelled.", sentiment="NEGATIVE"),
            Line(text="We waited on the platform for three terrible hours.", sentiment="NEGATIVE"),
            Line(text="There is an other connection on {date} by way of {location}."),
            Line(text="Does the night train run again in summer?"),
            Line(text="Yes, it does, and the new carriages are lovely.", sentiment="POSITIVE"),
        ),
    ),
    Topic(
        gist="A question for the clinic",
        headline="A patient asks about a medicine and makes an appointment.",
        category="MedicalHealth>DiseasesAndConditions",
        phrases=("next appointment", "sore throat"),
        lines=(
            Line(text="I have had a sore throat for a week.", safety="health_issues"),
            Line(text="Do you take {drug} for it?", safety="health_issues"),
            Line(text="I did, and it made everything worse.", sentiment="NEGATIVE"),
            Line(text="Then the next appointment with {person_name} is on {date}."),
            Line(text="Perfect, I feel better already.", sentiment="POSITIVE"),
        ),
    ),
    Topic(
        gist="Saying goodbye",
        headline="Both agree on what happens next.",
        category="BusinessAndFinance>Business>CustomerService",
        phrases=("short summary",),
        lines=(
            Line(text="I will send a short summary to {email_address}."),
            Line(text="Please send it to {person_name} in {location} as well."),
            Line(text="Of course, is there anything else?"),
            Line(text="No, that was all, you were a great help.", sentiment="POSITIVE"),
        ),
    ),
)
