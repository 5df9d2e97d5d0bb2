"""Who opened a personal link: a person, a machine, or nobody can tell yet.

Mail scanners, prefetchers and previews of messengers open links before, or without,
any person doing so. What they send tells most of them apart; the others look like an
ordinary browser, and count as nobody until the page reports something that only a
person brings about (see :func:`confirm`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

PERSON = "person"
MACHINE = "machine"
STAFF = "staff"
UNKNOWN = "unknown"

PHONE = "phone"
TABLET = "tablet"
COMPUTER = "computer"
OTHER = "other"

#: Milliseconds a page has to be looked at when nothing on it is touched. Scanners that
#: run scripts take their picture and leave; a person reading a sum stays longer.
SEEN_AFTER_MS = 4000


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is thought of a visit.

    :param who: ``PERSON``, ``MACHINE``, ``STAFF`` or ``UNKNOWN``
    :param reason: code of why, for staff (:data:`REASONS`)
    :param device: ``PHONE``, ``TABLET``, ``COMPUTER`` or ``OTHER``
    """

    who: str
    reason: str
    device: str


#: Codes of why a visit was judged as it was.
REASONS = (
    "head",
    "prefetch",
    "scanner",
    "preview",
    "search",
    "script",
    "no_agent",
    "automated",
    "no_browser",
    "signed_in",
    "staff",
    "looked",
    "touched",
    "without_script",
    "acted",
    "unclear",
)

#: Mail gateways that open the links of incoming mail and say who they are.
_SCANNER = re.compile(
    r"""safelinks | \boffice365\b | microsoft\ office | ms-office | \bmsoffice\b
      | exchange\ web\ services | proofpoint | urldefense | barracuda | mimecast
      | trend\ ?micro | \btmase\b | \bvirustotal\b | symantec | messagelabs
      | ironport | \bcisco\b | fireeye | trellix | mcafee | \bsophos\b | forcepoint
      | websense | bitdefender | \beset\b | kaspersky | zscaler | netskope
      | cloudmark | \bvade | hornetsecurity | spamexperts | \bmailscanner\b
      | spamassassin | area1 | checkpoint | check\ point | egress | agari | ironscales
      | darktrace
      | abnormal\ ?security | phish | threat | malware | sandbox | safebrowsing
      | google-safety | urlscan | googleimageproxy | yahoomailproxy
      | yahoo\ ?mail\ ?proxy""",
    re.IGNORECASE | re.VERBOSE,
)
#: Messengers and social networks that draw a picture of a link in the conversation.
_PREVIEW = re.compile(
    r"""facebookexternalhit | facebot | facebookcatalog | meta-external | whatsapp
      | twitterbot | slackbot | slack-imgproxy | telegrambot | discordbot | linkedinbot
      | pinterestbot | ^pinterest/ | skypeuripreview | skype-url | ^viber
      | snap\ url\ preview | signal-(android|desktop|ios) | \bline-poker\b
      | kakaotalk-scrap | wechatbot
      | redditbot | tumblr/ | vkshare | mastodon | bluesky | cardyb | embedly | iframely
      | microsoftpreview | bingpreview | google-pagerenderer | google-read-aloud
      | googlemessages | google\ web\ preview | android\ messages | teams.*preview
      | applebot | quora\ link\ preview | outbrain | flipboardproxy | rogerbot
      | nuzzel | w3c_validator | redirectchecker | unfurl | link-?preview""",
    re.IGNORECASE | re.VERBOSE,
)
#: Search engines, archives, monitors and crawlers of language models.
_SEARCH = re.compile(
    r"""(?<!cu)bot\b | bots\b | crawl | spider | slurp | archiver | yandex(?!search)
      | duckduck(bot|go-) | mediapartners-google | adsbot | googleother
      | google-(inspection|extended|site-verification|cloudvertex) | feedfetcher
      | gptbot | chatgpt-user | oai-search | claude(bot|-user|-web) | anthropic-ai
      | perplexity | ccbot | bytespider | amazonbot | cohere-ai | ahrefs | semrush
      | mj12 | dotbot | petalbot | uptime | pingdom | statuscake | site24x7
      | monitor(ing)?\b | nagios | zabbix | datadog | newrelic | lighthouse
      | pagespeed | gtmetrix | ptst/
      | validator | favicon | scanner""",
    re.IGNORECASE | re.VERBOSE,
)
#: Libraries and command-line programs.
_SCRIPT = re.compile(
    r"""^(curl | wget | python | libwww | lwp | java(?!script) | okhttp | go-http
      | apache-http | httpclient | axios | node | undici | got\b | ruby | php | perl
      | guzzle | restsharp | postman | insomnia | httpie | aiohttp | scrapy | dart
      | cfnetwork | dalvik | powershell | winhttp | aria2 | lynx | links\b | w3m
      | dillo | libcurl | faraday | mechanize | reqwest | hyper | unirest | typhoeus)
      | windowspowershell | python-requests | python-urllib | zgrab | masscan | nmap
      | nikto | sqlmap | nuclei | wpscan | headlesschrome | phantomjs | puppeteer
      | playwright | selenium | electron/.*headless | htmlunit | slimerjs""",
    re.IGNORECASE | re.VERBOSE,
)
_TABLET = re.compile(
    r"ipad|tablet|kindle|silk/|playbook|android(?!.*(?:mobile|opera mini))",
    re.IGNORECASE,
)
_PHONE = re.compile(
    r"iphone|ipod|android.*mobile|windows phone|mobile/|mobile safari|opera mini",
    re.IGNORECASE,
)
_COMPUTER = re.compile(r"windows nt|macintosh|x11|cros|linux x86_64", re.IGNORECASE)
_BROWSER = re.compile(r"^(mozilla|opera)/", re.IGNORECASE)


def device(user_agent: str) -> str:
    """Return the class of device that ``user_agent`` names."""
    if _TABLET.search(user_agent):
        return TABLET
    if _PHONE.search(user_agent):
        return PHONE
    return COMPUTER if _COMPUTER.search(user_agent) else OTHER


def judge(
    method: str,
    headers: Mapping[str, str],
    *,
    signed_in: bool = False,
    staff: bool = False,
) -> Verdict:
    """Judge a request for the page by what came with it.

    :param method: of the request
    :param headers: of the request, by name in any case
    :param signed_in: whether the visitor is signed in as a customer
    :param staff: whether the visitor is signed in as an employee
    :rtype: Verdict
    """
    values = {name.lower(): value or "" for name, value in headers.items()}
    agent = values.get("user-agent", "").strip()
    kind = device(agent)
    machine = _machine(method, values, agent)
    if machine:
        return Verdict(MACHINE, machine, kind)
    if staff:
        return Verdict(STAFF, "staff", kind)
    if signed_in:
        return Verdict(PERSON, "signed_in", kind)
    return Verdict(UNKNOWN, "unclear", kind)


def _machine(method: str, values: Mapping[str, str], agent: str) -> str | None:
    """Return the code of what gives a machine away, or None."""
    if method.upper() not in ("GET", "POST"):
        return "head"
    purposes = " ".join(
        values.get(name, "")
        for name in ("purpose", "sec-purpose", "x-purpose", "x-moz")
    ).lower()
    if "prefetch" in purposes or "prerender" in purposes or "preview" in purposes:
        return "prefetch"
    if not agent:
        return "no_agent"
    # The order is that of how much the code tells staff: «Barracuda Sentinel bot» is
    # a scanner before it is a bot.
    for code, pattern in (
        ("scanner", _SCANNER),
        ("preview", _PREVIEW),
        ("script", _SCRIPT),
        ("search", _SEARCH),
    ):
        if pattern.search(agent):
            return code
    if not _BROWSER.search(agent):
        return "script"
    if _is_no_page_view(values):
        return "no_browser"
    return None


def _is_no_page_view(values: Mapping[str, str]) -> bool:
    """Whether a browser's name comes without what a browser sends with a page.

    Browsers ask for HTML by name, in some language, and say since 2020 that they want
    a document of their own to show.
    """
    accept = values.get("accept", "")
    if accept and "text/html" not in accept:
        return True
    destination = values.get("sec-fetch-dest")
    if destination and destination not in ("document", "iframe", "empty"):
        return True
    return not accept and "accept-language" not in values


def _is_open(verdict: Verdict) -> bool:
    """Whether what the page reports can still change ``verdict``."""
    return verdict.who == UNKNOWN or (
        verdict.who == MACHINE and verdict.reason in ("prefetch", "no_browser")
    )


@dataclass(frozen=True, slots=True)
class Sign:
    """What the page reports of a visit while it is open.

    :param visible_ms: for how long the page has been in view
    :param touched: whether a key, finger, wheel or pointer was used on it
    :param automated: whether the browser says that a program drives it
    """

    visible_ms: int = 0
    touched: bool = False
    automated: bool = False


def confirm(before: Verdict, sign: Sign) -> Verdict:
    """Return what is thought of a visit after the page reported ``sign``.

    What gave itself away as a machine stays one, and so does staff: their reports prove
    that scripts ran, not that the customer looked. A page that was fetched beforehand
    is looked at later or never, so there a report decides.
    """
    if not _is_open(before):
        return before
    if sign.automated:
        return Verdict(MACHINE, "automated", before.device)
    if sign.touched:
        return Verdict(PERSON, "touched", before.device)
    if sign.visible_ms >= SEEN_AFTER_MS:
        return Verdict(PERSON, "looked", before.device)
    return before


def confirm_picture(before: Verdict, headers: Mapping[str, str]) -> Verdict:
    """Return what is thought of a visit that fetched the picture for browsers without
    scripts.

    :param before: verdict of the visit
    :param headers: of the request for the picture
    """
    if not _is_open(before):
        return before
    values = {name.lower(): value or "" for name, value in headers.items()}
    agent = values.get("user-agent", "").strip()
    destination = values.get("sec-fetch-dest", "image")
    accept = values.get("accept", "")
    pictures = "image/" in accept or "*/*" in accept
    machine = _machine("GET", {"user-agent": agent, "accept": "text/html"}, agent)
    if machine:
        return Verdict(MACHINE, machine, before.device)
    if destination != "image" or not pictures:
        return before
    return Verdict(PERSON, "without_script", before.device)


def confirm_action(before: Verdict, method: str, headers: Mapping[str, str]) -> Verdict:
    """Return what is thought of a visitor who used something on the page.

    A form that was sent, or a link on the page that was followed: browsers say that
    somebody's hand was behind it (``Sec-Fetch-User``).

    :param before: verdict of the visit, judged from the same request when none is known
    :param method: of the request
    :param headers: of the request
    """
    if not _is_open(before):
        return before
    values = {name.lower(): value or "" for name, value in headers.items()}
    same_site = values.get("sec-fetch-site") == "same-origin"
    by_hand = values.get("sec-fetch-user") == "?1"
    if same_site and (by_hand or method.upper() == "POST"):
        return Verdict(PERSON, "acted", before.device)
    return before
