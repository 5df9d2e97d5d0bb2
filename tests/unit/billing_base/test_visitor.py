"""Who opened a link, by what real programs and people's browsers send."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_base.core import visitor
from odoo.addons.billing_base.core.visitor import Sign, Verdict

#: What a browser sends with the page that somebody opens.
PAGE = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "nb-NO,nb;q=0.9,en;q=0.8",
}
WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0"
WINDOWS = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME}"
ANDROID = "Mozilla/5.0 (Linux; Android 14; Pixel 8"
IPHONE = f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) {WEBKIT}"

#: (name, User-Agent, device): the browsers of people, and of apps they read mail in.
PEOPLE = [
    ("Safari", f"{IPHONE} Version/18.1 Mobile/15E148 Safari/604.1", "phone"),
    ("Chrome on iPhone", f"{IPHONE} CriOS/131.0 Mobile/15E148 Safari/604.1", "phone"),
    ("Mail app's view", f"{IPHONE} Mobile/15E148", "phone"),
    (
        "Messenger's own browser",
        f"{IPHONE} Mobile/15E148 [FBAN/MessengerForiOS;FBAV/480.0;FBDV/iPhone15,2]",
        "phone",
    ),
    ("Instagram's", f"{IPHONE} Mobile/15E148 Instagram 350.0 (iPhone15,2)", "phone"),
    ("Snapchat's", f"{IPHONE} Mobile/15E148 Snapchat/13.10 (like Safari)", "phone"),
    ("Pinterest's", f"{IPHONE} Mobile/15E148 [Pinterest/iOS]", "phone"),
    ("DuckDuckGo", f"{IPHONE} Version/18.1 Mobile/15E148 DuckDuckGo/7", "phone"),
    ("Google's app", f"{IPHONE} GSA/345.0 Mobile/15E148 Safari/604.1", "phone"),
    (
        "iPad",
        f"Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) {WEBKIT} Version/17.5 "
        "Mobile/15E148 Safari/604.1",
        "tablet",
    ),
    ("Chrome on Android", f"{ANDROID}) {CHROME} Mobile Safari/537.36", "phone"),
    (
        "an Android app's view",
        f"{ANDROID}; wv) {CHROME} Version/4.0 Mobile Safari/537.36",
        "phone",
    ),
    (
        "Samsung Internet",
        "Mozilla/5.0 (Linux; Android 14; SAMSUNG SM-S918B) "
        f"{CHROME} SamsungBrowser/26.0 Mobile Safari/537.36",
        "phone",
    ),
    (
        "a phone of the make Cubot",
        f"Mozilla/5.0 (Linux; Android 9; CUBOT X19) {CHROME} Mobile Safari/537.36",
        "phone",
    ),
    (
        "Android tablet",
        f"Mozilla/5.0 (Linux; Android 13; SM-X200) {CHROME} Safari/537.36",
        "tablet",
    ),
    ("Chrome", f"{WINDOWS} Safari/537.36", "computer"),
    ("Edge", f"{WINDOWS} Safari/537.36 Edg/131.0.2903.70", "computer"),
    ("Avast's browser", f"{WINDOWS} Safari/537.36 Avast/131.0", "computer"),
    ("Yandex' browser", f"{WINDOWS} YaBrowser/24.10 Safari/537.36", "computer"),
    (
        "Teams",
        f"{WINDOWS} Teams/24295.605 Electron/30.0 Safari/537.36",
        "computer",
    ),
    (
        "Firefox",
        "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
        "computer",
    ),
    (
        "Safari on a Mac",
        f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Version/18.1 "
        "Safari/605.1.15",
        "computer",
    ),
    ("Opera Mini", "Opera/9.80 (Android; Opera Mini/75/191) Version/12.16", "phone"),
]

#: (name, User-Agent, reason)
MACHINES = [
    # Gateways that open the links of incoming mail
    (
        "Outlook, does it exist?",
        "Microsoft Office Existence Discovery",
        "scanner",
    ),
    (
        "Office",
        "Mozilla/4.0 (compatible; ms-office; MSOffice 16)",
        "scanner",
    ),
    ("Safe Links", "Mozilla/5.0 (Windows NT 10.0) SafeLinks/1.0", "scanner"),
    ("Proofpoint", "Mozilla/5.0 (compatible; Proofpoint URL Defense)", "scanner"),
    (
        "Barracuda",
        "Mozilla/5.0 (compatible; BarracudaCentral; +http://www.barracuda.com)",
        "scanner",
    ),
    ("Barracuda Sentinel", "Barracuda Sentinel (EE)", "scanner"),
    ("Mimecast", "Mozilla/5.0 (compatible; Mimecast-TTP/1.0)", "scanner"),
    ("Trend Micro", "Mozilla/5.0 (TrendMicro WTP)", "scanner"),
    ("Symantec", "Mozilla/5.0 (compatible; SymantecCloud/2.0)", "scanner"),
    ("Cisco", "Mozilla/5.0 (Cisco IronPort URL inspector)", "scanner"),
    ("VirusTotal", "virustotal", "scanner"),
    (
        "Gmail's pictures",
        "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 "
        "(via ggpht.com GoogleImageProxy)",
        "scanner",
    ),
    ("Yahoo's pictures", "YahooMailProxy; https://help.yahoo.com/kb", "scanner"),
    # Previews in messengers
    (
        "iMessage",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, "
        "like Gecko) Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot "
        "Twitterbot/1.0",
        "preview",
    ),
    (
        "Facebook",
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "preview",
    ),
    ("Meta", "meta-externalagent/1.1 (+https://developers.facebook.com)", "preview"),
    ("WhatsApp", "WhatsApp/2.24.23.78 A", "preview"),
    ("WhatsApp on iPhone", "WhatsApp/2.24.22 i", "preview"),
    (
        "Slack",
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        "preview",
    ),
    ("Slack's pictures", "Slack-ImgProxy (+https://api.slack.com/robots)", "preview"),
    ("Telegram", "TelegramBot (like TwitterBot)", "preview"),
    (
        "Discord",
        "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
        "preview",
    ),
    ("LinkedIn", "LinkedInBot/1.0 (compatible; Mozilla/5.0; Jakarta)", "preview"),
    (
        "Skype and Teams",
        "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
        "preview",
    ),
    ("Snapchat", "Mozilla/5.0 (compatible; Snap URL Preview Service)", "preview"),
    ("Viber", "Viber/13.3.0.4", "preview"),
    ("Pinterest", "Pinterest/0.2 (+https://www.pinterest.com/bot.html)", "preview"),
    ("Bing's previews", f"{WINDOWS} BingPreview/1.0b Safari/537.36", "preview"),
    # Search engines, language models and monitors
    (
        "Google",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "search",
    ),
    (
        "Google, as a phone",
        f"{ANDROID}) {CHROME} Mobile Safari/537.36 (compatible; Googlebot/2.1)",
        "search",
    ),
    (
        "Bing",
        "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
        "search",
    ),
    ("Yandex", "Mozilla/5.0 (compatible; YandexImages/3.0)", "search"),
    ("Baidu", "Mozilla/5.0 (compatible; Baiduspider/2.0)", "search"),
    ("GPTBot", "Mozilla/5.0; compatible; GPTBot/1.2; +https://openai.com", "search"),
    ("UptimeRobot", "Mozilla/5.0+(compatible; UptimeRobot/2.0)", "search"),
    ("Pingdom", "Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)", "search"),
    # Programs
    ("curl", "curl/8.5.0", "script"),
    ("wget", "Wget/1.21.4", "script"),
    ("Python", "python-requests/2.32.3", "script"),
    ("Go", "Go-http-client/2.0", "script"),
    ("Java", "Java/17.0.2", "script"),
    ("an app's own client", "okhttp/4.12.0", "script"),
    ("Apple's own client", "CFNetwork/1494.0.7 Darwin/23.4.0", "script"),
    (
        "Chrome without a screen",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "HeadlessChrome/131.0.0.0 Safari/537.36",
        "script",
    ),
    ("PhantomJS", f"Mozilla/5.0 (Unknown; Linux) {WEBKIT} PhantomJS/2.1.1", "script"),
    ("what says nothing known", "Acme Agent 1.0", "script"),
]

strong_machines = st.sampled_from(
    ["head", "scanner", "preview", "search", "script", "no_agent", "automated"]
).map(lambda reason: Verdict(visitor.MACHINE, reason, visitor.OTHER))
verdicts = st.builds(
    Verdict,
    who=st.sampled_from(
        [visitor.PERSON, visitor.MACHINE, visitor.STAFF, visitor.UNKNOWN]
    ),
    reason=st.sampled_from(visitor.REASONS),
    device=st.sampled_from(["phone", "tablet", "computer", "other"]),
)
signs = st.builds(
    Sign,
    visible_ms=st.integers(0, 10**6),
    touched=st.booleans(),
    automated=st.booleans(),
)
headers = st.dictionaries(
    st.sampled_from(
        [
            "User-Agent",
            "Accept",
            "Accept-Language",
            "Purpose",
            "Sec-Purpose",
            "Sec-Fetch-Dest",
            "Sec-Fetch-Site",
            "Sec-Fetch-User",
        ]
    ),
    st.one_of(st.none(), st.text(max_size=60)),
)


def judge(agent, method="GET", **more):
    return visitor.judge(method, {**PAGE, "User-Agent": agent, **more})


# === WHAT CAME WITH THE REQUEST === #


@pytest.mark.parametrize(
    ("agent", "device"), [row[1:] for row in PEOPLE], ids=[row[0] for row in PEOPLE]
)
def test_a_persons_browser_is_nobody_yet(agent, device):
    assert judge(agent) == Verdict(visitor.UNKNOWN, "unclear", device)


@pytest.mark.parametrize(
    ("agent", "reason"), [row[1:] for row in MACHINES], ids=[row[0] for row in MACHINES]
)
def test_a_machine_that_says_so_is_one(agent, reason):
    verdict = judge(agent)
    assert (verdict.who, verdict.reason) == (visitor.MACHINE, reason)


@pytest.mark.parametrize("agent", [row[1] for row in PEOPLE])
def test_asking_whether_the_page_is_there_is_not_seeing_it(agent):
    for method in ("HEAD", "head", "OPTIONS"):
        verdict = judge(agent, method=method)
        assert (verdict.who, verdict.reason) == (visitor.MACHINE, "head")


@pytest.mark.parametrize(
    "more",
    [
        {"Purpose": "prefetch"},
        {"Sec-Purpose": "prefetch"},
        {"Sec-Purpose": "prefetch;prerender"},
        {"sec-purpose": "prefetch;anonymous-client-ip"},
        {"X-Moz": "prefetch"},
        {"X-Purpose": "preview"},
    ],
)
def test_fetching_beforehand_is_not_seeing(more):
    verdict = judge(PEOPLE[0][1], **more)
    assert (verdict.who, verdict.reason) == (visitor.MACHINE, "prefetch")


@pytest.mark.parametrize("agent", ["", "   "])
def test_what_does_not_say_what_it_is_is_a_machine(agent):
    assert judge(agent).reason == "no_agent"
    assert visitor.judge("GET", {}).reason == "no_agent"


@pytest.mark.parametrize(
    "values",
    [
        {"Accept": "*/*"},
        {"Accept": "application/json", "Accept-Language": "nb"},
        {**PAGE, "Sec-Fetch-Dest": "image"},
        {},
    ],
)
def test_a_browsers_name_alone_does_not_make_a_browser(values):
    verdict = visitor.judge("GET", {"User-Agent": PEOPLE[0][1], **values})
    assert (verdict.who, verdict.reason) == (visitor.MACHINE, "no_browser")


def test_who_is_signed_in_is_a_person_and_an_employee_is_no_customer():
    agent = {**PAGE, "User-Agent": PEOPLE[0][1]}
    assert visitor.judge("GET", agent, signed_in=True).who == visitor.PERSON
    assert visitor.judge("GET", agent, signed_in=True, staff=True).who == "staff"
    prefetched = {**agent, "Sec-Purpose": "prefetch"}
    assert visitor.judge("GET", prefetched, signed_in=True).who == visitor.MACHINE


@given(st.sampled_from(["GET", "HEAD", "POST", ""]), headers)
def test_whatever_comes_there_is_a_verdict_and_never_a_person(method, given_headers):
    verdict = visitor.judge(method, given_headers)
    assert verdict.who in (visitor.MACHINE, visitor.UNKNOWN)
    assert verdict.reason in visitor.REASONS


@given(headers)
def test_names_of_headers_are_read_in_any_case(given_headers):
    upper = {name.upper(): value for name, value in given_headers.items()}
    assert visitor.judge("GET", given_headers) == visitor.judge("GET", upper)


# === WHAT THE PAGE REPORTS === #

UNCLEAR = Verdict(visitor.UNKNOWN, "unclear", visitor.PHONE)


@pytest.mark.parametrize(
    ("sign", "who", "reason"),
    [
        (Sign(touched=True), "person", "touched"),
        (Sign(visible_ms=visitor.SEEN_AFTER_MS), "person", "looked"),
        (Sign(visible_ms=visitor.SEEN_AFTER_MS - 1), "unknown", "unclear"),
        (Sign(automated=True, touched=True, visible_ms=99999), "machine", "automated"),
        (Sign(), "unknown", "unclear"),
    ],
)
def test_a_hand_or_a_long_look_makes_a_person(sign, who, reason):
    assert visitor.confirm(UNCLEAR, sign) == Verdict(who, reason, visitor.PHONE)


@given(strong_machines, signs, headers)
def test_what_gave_itself_away_stays_a_machine(before, sign, given_headers):
    assert visitor.confirm(before, sign) == before
    assert visitor.confirm_picture(before, given_headers) == before
    assert visitor.confirm_action(before, "POST", given_headers) == before


@given(signs)
def test_a_page_fetched_beforehand_is_seen_when_somebody_looks(sign):
    before = Verdict(visitor.MACHINE, "prefetch", visitor.PHONE)
    looked = sign.touched or sign.visible_ms >= visitor.SEEN_AFTER_MS
    after = visitor.confirm(before, sign)
    assert (after.who == visitor.PERSON) == (looked and not sign.automated)


@given(verdicts, st.lists(signs, max_size=4))
def test_a_person_stays_a_person_and_staff_stay_staff(verdict, later):
    after = verdict
    for sign in later:
        after = visitor.confirm(after, sign)
        assert after.device == verdict.device
    if verdict.who in (visitor.PERSON, visitor.STAFF):
        assert after == verdict


PICTURE = {"Accept": "image/avif,image/webp,*/*;q=0.8", "Sec-Fetch-Dest": "image"}


@pytest.mark.parametrize("agent", [row[1] for row in PEOPLE])
def test_a_browser_without_scripts_shows_the_picture(agent):
    after = visitor.confirm_picture(UNCLEAR, {**PICTURE, "User-Agent": agent})
    assert (after.who, after.reason) == (visitor.PERSON, "without_script")


@pytest.mark.parametrize(
    ("given_headers", "who"),
    [
        ({**PICTURE, "User-Agent": "curl/8.5.0"}, "machine"),
        ({**PICTURE, "User-Agent": "WhatsApp/2.24.23.78 A"}, "machine"),
        ({**PICTURE, "User-Agent": ""}, "machine"),
        ({"User-Agent": PEOPLE[0][1], "Accept": "text/html"}, "unknown"),
        ({**PICTURE, "User-Agent": PEOPLE[0][1], "Sec-Fetch-Dest": "empty"}, "unknown"),
    ],
)
def test_not_everything_that_fetches_the_picture_shows_it(given_headers, who):
    assert visitor.confirm_picture(UNCLEAR, given_headers).who == who


@pytest.mark.parametrize(
    ("method", "more", "who"),
    [
        ("GET", {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-User": "?1"}, "person"),
        ("POST", {"Sec-Fetch-Site": "same-origin"}, "person"),
        ("GET", {"Sec-Fetch-Site": "same-origin"}, "unknown"),
        ("GET", {"Sec-Fetch-Site": "none", "Sec-Fetch-User": "?1"}, "unknown"),
        ("POST", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-User": "?1"}, "unknown"),
        ("POST", {}, "unknown"),
    ],
)
def test_a_hand_on_the_page_itself_is_a_persons(method, more, who):
    values = {"User-Agent": PEOPLE[0][1], **more}
    assert visitor.confirm_action(UNCLEAR, method, values).who == who


def test_every_reason_has_its_place():
    assert len(set(visitor.REASONS)) == len(visitor.REASONS)
