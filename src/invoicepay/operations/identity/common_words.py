"""What people build passwords from: words, names and keyboard rows, not whole passwords.

Lower case, without digits: `password_rules` finds them behind capitals, digits for letters,
years and exclamation marks, which covers what a list of a million whole passwords would.
"""

from __future__ import annotations

WORDS = frozenset(
    """
    password passwort passwd passcode passphrase passport parola contrasena motdepasse senha
    secret secure security private hidden access login logon signin welcome hello letmein
    changeme change please default example sample temp temporary testing test tester guest user
    username admin administrator root system server manager owner master superuser account
    abcdef iloveyou loveyou love lovely lover forever always babygirl baby sweet sweetheart
    honey princess prince queen king angel devil dragon monkey tiger lion panther eagle falcon
    phoenix wolf bear shark dolphin horse puppy kitty butterfly flower sunshine sunflower
    rainbow summer winter spring autumn january february march april june july august september
    october november december monday tuesday wednesday thursday friday saturday sunday today
    football soccer baseball basketball hockey tennis golf swimming superman batman spiderman
    ironman starwars pokemon naruto minecraft fortnite roblox ninja samurai warrior hunter
    killer shadow ghost magic wizard merlin matrix trustno trust nothing whatever blink
    michael michelle jessica jennifer ashley amanda daniel david andrew thomas robert william
    charlie jordan jason joshua matthew anthony nicole hannah samantha elizabeth victoria
    maria george harley maggie buster ginger pepper cookie chocolate cheese coffee banana
    orange apple cherry peanut pumpkin pizza chicken purple yellow green blue silver golden
    diamond crystal computer internet laptop windows google facebook youtube twitter instagram
    microsoft samsung apple mustang ferrari porsche mercedes corvette yamaha honda toyota
    america canada england london paris berlin texas chicago dallas boston newyork california
    freedom liberty money dollar cash rich lucky winner success business company office finance
    billing invoice invoices invoicepay payment payments payable receivable customer bank
    accounting accountant portal client work number school college student teacher doctor
    jesus christ heaven blessed family mother father mommy daddy sister brother friend friends
    happy smile crazy funny sexy hottie asshole fuckyou bitch correct battery staple
    the and for you with this that from your what have
    """.split()
)

KEYBOARD_ROWS = (
    "`1234567890-=",
    "qwertyuiop[]\\",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "!@#$%^&*()_+",
    "qwertzuiopü",
    "azertyuiop",
    "qsdfghjklm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "qazwsxedcrfvtgbyhnujm",
)
