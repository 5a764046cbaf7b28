"""Which configuration is read, and what is set and does not count."""

from collections.abc import Iterator
from difflib import get_close_matches

from depository import config
from depository.cli.doctor.case import Case
from depository.cli.doctor.findings import Check, Finding, bad, ok, warn
from depository.cli.session import TOP

_VARIABLES = (
    config.URL_VARIABLE,
    config.NAMESPACE_VARIABLE,
    config.SPOOL_VARIABLE,
    "DEPOSITORY_PAGER",
    *(config.S3_VARIABLES + key.upper() for key in config.S3_KEYS),
)
_FIRST_WORD = "DEPOSITORY"
_OTHER_WORD = "REPOSITORY"
"""Nearly the same word, and meant as it is written."""
_NEAR = 0.85
"""How like ours a word has to be, from 0 to 1, to be taken for it misspelt."""
_FORMER_VARIABLES = "JPYNB_"


def chosen(case: Case) -> Iterator[Finding]:
    """Which depository the files of this directory belong to, and why."""
    place = case.place
    here = config.path_of(place, case.session.cwd)
    yield ok("configuration", f"This directory is {TOP}{here} in {place.url}, because {place.reason}.")


def shadowed(case: Case) -> Iterator[Finding]:
    """Settings files and variables that name something and do not count here."""
    place = case.place
    found = list(config.candidates(case.session.cwd, case.session.surroundings))
    nearest = next((each for each in found if each.source.endswith(config.SETTINGS_FILE)), None)
    named = next((each for each in found if each.is_nearest and each.namespace is not None), None)
    instead = f"{place.url} is used, because {place.reason}"
    for each in found:
        if not each.is_nearest and nearest:
            yield warn(
                "shadowed",
                f"'{each.source}' is not read here: '{nearest.source}' is nearer.",
                "Take one of them away if that is not what you want.",
            )
        elif each.url is not None and each.url != place.url:
            yield warn(
                "shadowed",
                f"'{each.source}' names {each.url}, and does not count here: {instead}.",
                "Take it away, or change what comes before it.",
            )
        elif each.source == config.NAMESPACE_VARIABLE and named and named.namespace != each.namespace:
            yield warn(
                "shadowed",
                f"{each.source} is '{each.namespace}', and does not count here: '{named.source}' has the namespace "
                f"'{named.namespace}'.",
                "Take one of them away.",
            )


def variables(case: Case) -> Iterator[Finding]:
    """Variables that nothing reads, because they are misspelt."""
    environ = case.session.surroundings.environ
    wrong = 0
    for name in sorted(environ):
        first = name.upper().partition("_")[0]
        if name in _VARIABLES or first == _OTHER_WORD or not get_close_matches(first, [_FIRST_WORD], cutoff=_NEAR):
            continue
        wrong += 1
        near = get_close_matches(name.upper(), _VARIABLES, n=1, cutoff=_NEAR)
        hint = f"Rename it to {near[0]}." if near else f"There are {', '.join(_VARIABLES)}."
        yield bad("variables", f"{name} is set, and nothing reads it: there is no such variable.", hint)
    if not wrong:
        yield ok("variables", "No variable of the environment is misspelt.")


def unused(case: Case) -> Iterator[Finding]:
    """Variables that are spelt well, and not used here."""
    environ, place = case.session.surroundings.environ, case.place
    set_here = {key: name for key in config.S3_KEYS if environ.get(name := config.S3_VARIABLES + key.upper())}
    ours = [name for key, name in set_here.items() if place.s3.get(key) != environ[name]]
    if ours:
        yield warn(
            "unused variables",
            f"{_are(ours)} set, and not used here: "
            f"{config.S3_VARIABLES}… are for the depository that {config.URL_VARIABLE} names.",
            f"Put the setting into the table [s3] of the file that names the depository, or set {config.URL_VARIABLE}.",
        )
    if not case.is_s3:
        return
    if place.s3.get("profile") and environ.get("AWS_ACCESS_KEY_ID"):
        yield warn(
            "unused variables",
            f"AWS_ACCESS_KEY_ID is set, and not used: the profile '{place.s3['profile']}' is configured.",
            "Take the profile out of the settings if the variable is what you want.",
        )
    endpoints = [name for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL") if environ.get(name)]
    if endpoints and place.s3.get("endpoint_url", environ[endpoints[0]]) != environ[endpoints[0]]:
        yield warn(
            "unused variables",
            f"{endpoints[0]} is set, and not used: the settings say endpoint_url = {place.s3['endpoint_url']}.",
        )
    if environ.get("AWS_REGION") and not environ.get("AWS_DEFAULT_REGION") and not place.s3.get("region"):
        yield warn(
            "unused variables",
            "AWS_REGION is set, and not read by the AWS tools for Python.",
            "Set AWS_DEFAULT_REGION, or region in the table [s3] of the settings.",
        )


def former(case: Case) -> Iterator[Finding]:
    """Variables of what came before depository."""
    found = sorted(name for name in case.session.surroundings.environ if name.startswith(_FORMER_VARIABLES))
    if found:
        yield warn(
            "former variables",
            f"{_are(found)} set for bookstore, and nothing reads that any more.",
            f"Set {config.URL_VARIABLE} instead, or run 'depository init'.",
        )


def _are(names: list[str]) -> str:
    return f"{', '.join(names)} {'is' if len(names) == 1 else 'are'}"


CHECKS = (
    Check("configuration", chosen),
    Check("shadowed", shadowed),
    Check("variables", variables),
    Check("unused variables", unused),
    Check("former variables", former),
)
