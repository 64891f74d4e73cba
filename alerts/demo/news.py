"""Sample news: six invented outlets, some days of their stories, and decoys to smile at.

Every person, event and outlet is made up. Times are hours before the demo starts, so that the news
is always fresh. `decoy` says, for the demo's reader, why a story looks like news it is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Outlet:
    """A newspaper, station or agency, and the kind of feed it offers."""

    key: str
    name: str
    site: str
    kind: Literal["rss", "atom", "json"]
    language: str = "en"
    place: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SampleStory:
    """One story of one outlet."""

    outlet: str
    slug: str
    hours_ago: float
    title: str
    text: str
    decoy: str = ""
    author: str = ""
    tags: tuple[str, ...] = ()


OUTLETS = (
    Outlet("courier", "Dane County Courier", "https://courier.example", "rss", "en", "madison",
           ("local",)),
    Outlet("radio", "Capitol Square Radio", "https://csradio.example", "rss", "en", "madison",
           ("local",)),
    Outlet("wire", "Badger Wire", "https://badgerwire.example", "atom", "en", None, ("state",)),
    Outlet("voz", "La Voz del Lago", "https://lavoz.example", "atom", "es", "madison", ("local",)),
    Outlet("ledger", "Lake Mendota Ledger", "https://ledger.example", "json", "en", "madison",
           ("local",)),
    Outlet("weekend", "Great Lakes Weekend", "https://weekend.example", "rss", "en", None,
           ("leisure",)),
)  # fmt: skip

STORIES = (
    # --- what the subscribers asked for ------------------------------------------------------
    SampleStory(
        "courier", "courthouse-arrests", 2.2,
        "ICE agents take two men into custody outside county courthouse, lawyers say",
        "Two men who had come to a hearing at the Dane County Courthouse were led to an unmarked "
        "van by people in ICE vests on the courthouse steps, two defense lawyers said. The clerk "
        "of courts said her office had not been told beforehand.",
        author="Marta Lindqvist", tags=("Courts",),
    ),
    SampleStory(
        "wire", "jail-contract", 4.5,
        "Marathon County board ends contract to hold detainees for federal agents",
        "<p>The vote was 24 to 13. The jail had held up to forty people a night for Immigration "
        "and Customs Enforcement since spring, at $96 a bed.</p><p>Supervisors who voted no said "
        "the money paid for two deputies.</p>",
        author="Badger Wire staff",
    ),
    SampleStory(
        "radio", "clinic-policy", 5.1,
        "Madison council weighs sanctuary policy for public clinics",
        "Nurses at the city&#8217;s clinics in Madison, Wisconsin, would no longer write down "
        "where a patient was born. Alders called the plan a sanctuary policy in all but name; the "
        "vote is set for the second Tuesday of next month.",
        author="Theo Okafor",
    ),
    SampleStory(
        "voz", "padre-detenido", 6.4,
        "Agentes de ICE detienen a un padre de familia cerca de una escuela, según vecinos",
        "Ocurrió poco antes de las ocho de la mañana, dijeron tres vecinos. La escuela avisó a las "
        "familias que los maestros pedirán una orden firmada por un juez antes de abrir la puerta.",
        author="Lucía Barrientos",
    ),
    SampleStory(
        "ledger", "road-aid", 8.8,
        "Bill would cut road aid to “sanctuary” counties",
        "Counties with sanctuary policies would lose a tenth of their state road money under an "
        "Assembly bill that had its first hearing on Wednesday.",
        tags=("Statehouse",),
    ),
    SampleStory(
        "courier", "night-clinic", 13.0,
        "Law clinic adds night hours for immigration questions",
        "Students at UW–Madison will see walk-in visitors on Tuesdays until 9 p.m., and keep a "
        "telephone line open on the mornings after.",
        author="Marta Lindqvist",
    ),
    SampleStory(
        "radio", "library-mall", 19.5,
        "Hundreds walk from Library Mall to the Capitol after week of arrests",
        "Many carried signs that read #AbolishICE; others held photographs. Police counted about "
        "700 people and made no arrests.",
        author="Theo Okafor",
    ),
    SampleStory(
        "wire", "287g-hearing", 21.0,
        "Senators ask sheriffs how 287(g) agreements were signed without a vote",
        "Eleven Wisconsin counties work with I.C.E. under such agreements, the chair said. Two "
        "sheriffs answered in writing; one said he would not come back.",
        author="Badger Wire staff",
    ),
    SampleStory(
        "courier", "warrant-first", 28.0,
        "School board: no agent past the front desk without a judge’s signature",
        "Secretaries in all 52 schools get a one-page sheet on what to ask when ICE comes to the "
        "door. The vote was unanimous, and the sheet is already out of print.",
        author="Marta Lindqvist", tags=("Schools",),
    ),
    SampleStory(
        "radio", "county-resolution", 44.0,
        "Supervisors keep Dane a sanctuary county, 31 to 4",
        "The resolution of 2017 stands: deputies ask nobody where they were born. Twelve hours "
        "of public comment went before the vote.",
        author="Theo Okafor",
    ),
    SampleStory(
        "voz", "listas", 52.0,
        "La migra no ha pedido listas de alumnos, asegura el distrito escolar",
        "Si las pidiera, dijo el superintendente, la respuesta cabría en dos letras.",
        author="Lucía Barrientos",
    ),
    SampleStory(
        "ledger", "beltline-lease", 90.0,
        "ICE plans to lease offices on the Beltline, county records show",
        "A ten-year lease was filed with Dane County on a Friday afternoon.",
    ),
    # --- what only looks like it -------------------------------------------------------------
    SampleStory(
        "ledger", "four-inches", 1.4,
        "ICE FOUR INCHES THICK OFF PICNIC POINT, WARDENS SAY",
        "Anglers may walk out, but should stay off the ice near the river mouth, where the wardens "
        "lost a drill and a sandwich.",
        decoy="frozen lake, shouted in capitals",
    ),
    SampleStory(
        "weekend", "ice-cube", 3.3,
        "Ice Cube brings his band, and a string quartet, to Madison Square Garden",
        "The rapper says the cellist asked for the louder monitor.",
        decoy="a rapper, and an arena in New York",
    ),
    SampleStory(
        "courier", "flavor", 7.7,
        "Dairy hall’s new ice cream tastes of sweet corn, and sells out by noon",
        "The line reached the bus stop. A second batch is promised for Saturday.",
        decoy="dessert",
    ),
    SampleStory(
        "weekend", "slow-train", 10.2,
        "In praise of being late: three days on German ICE trains",
        "Between Kassel and Würzburg the ICE train stood for an hour, and nobody in the dining car "
        "minded.",
        decoy="the German railway’s fast train",
    ),
    SampleStory(
        "radio", "donkeys", 11.9,
        "Rescue donkeys settle in at animal sanctuary near Mount Horeb",
        "The sanctuary now has nineteen donkeys, one llama and a waiting list.",
        decoy="a home for animals",
    ),
    SampleStory(
        "weekend", "dolley", 15.0,
        "What Dolley Madison packed first: a new play weighs the silver against the portrait",
        "The First Lady gets the best lines. Madison himself is a voice from off stage.",
        decoy="the wife of a president",
    ),
    SampleStory(
        "wire", "tuba", 16.5,
        "Police in Madison, Alabama, find missing tuba in time for parade",
        "It had been polished.",
        decoy="another Madison",
    ),
    SampleStory(
        "ledger", "boards", 18.3,
        "ICE Arena gets new boards before the girls’ tournament",
        "The old ones will be sold by the meter; a dentist has bought six.",
        decoy="a hockey rink",
    ),
    SampleStory(
        "weekend", "organ", 20.4,
        "Bach at midnight in the sanctuary of an old church",
        "Bring a blanket: the sanctuary is heated to 58 degrees and no more.",
        decoy="the inside of a church",
    ),
    SampleStory(
        "voz", "helado", 22.0,
        "Festival del helado: “ice cream” de horchata y otras novedades",
        "Diez sabores, dos escenarios y un concurso de comer sin manos.",
        decoy="dessert, in Spanish",
    ),
    SampleStory(
        "courier", "piano", 30.5,
        "Black ice puts eleven cars and a piano into the median of the Beltline",
        "Nobody was hurt. The piano needs tuning.",
        decoy="a frozen road",
    ),
    SampleStory(
        "wire", "plow", 47.0,
        "ICE ICE BABY, SAYS THE PLOW: VOTERS NAME THE COUNTY’S NEWEST TRUCK",
        "It beat Plowy McPlowface by nine votes.",
        decoy="a snowplow, shouted in capitals",
    ),
    SampleStory(
        "ledger", "toads", 58.0,
        "Toad sanctuary holds up bike path for one more spring",
        "Fowler’s toads cross at dusk, and in no hurry.",
        decoy="a home for toads",
    ),
)  # fmt: skip

#: The wire's stories as member papers print them: with a guid of their own and a tracked link, but
#: the same article. Story, who prints it, what it adds to the link.
REPRINTED = ("287g-hearing", "ledger", "?utm_source=ledger&utm_medium=rss")

#: What happens between the two passes: a story is reprinted, a headline edited, a story comes anew.
REPRINTED_LATER = ("jail-contract", "courier", "?utm_source=courier&utm_medium=rss")
EDITED = (
    "courthouse-arrests",
    "ICE agents take two men into custody outside county courthouse; one was released, lawyers say",
)
NEWER = SampleStory(
    "radio", "released", 0.1,
    "One of two men held outside county courthouse is home again",
    "ICE gave no reason, his lawyer said. The other man was moved to a jail in Dodge County, "
    "Wisconsin.",
    author="Theo Okafor",
)  # fmt: skip
