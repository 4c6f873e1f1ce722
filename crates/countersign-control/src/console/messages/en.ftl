# What the console says, in English. Ids and values are the same in every catalogue; a test sees to it.

## Every page
skip-to-content = Skip to the content
nav-label = Parts of the console
nav-access-keys = AccessKeys
nav-projects = Projects
nav-debugger = Signature debugger
nav-activity = Activity
nav-account = Account
nav-administration = Administration
menu-label = Your menu
sign-out = Sign out
language-label = Language
cancel = Cancel
copy = Copy
copied = Copied

## Times
time-moment = a moment
time-minutes = { $n ->
    [one] 1 minute
   *[other] { $n } minutes
}
time-hours = { $n ->
    [one] 1 hour
   *[other] { $n } hours
}
time-days = { $n ->
    [one] 1 day
   *[other] { $n } days
}
time-ago = { $span } ago
time-ahead = in { $span }
time-now = just now

## Trouble
trouble-not-found = This page does not exist
trouble-not-found-text = The address may be mistyped, or what it named is gone, or it belongs to another account.
trouble-foreign-form = This form did not come from the console
trouble-foreign-form-text = For your protection, changes are taken only from the console’s own pages. Open the page again and repeat what you did.
trouble-unreadable = This form could not be read
trouble-unreadable-text = Something in it is missing or has another form than expected. Open the page again and repeat what you did.
trouble-too-large = That is too large
trouble-too-large-text = More was sent than this page takes.
trouble-wrong-method = This address is not a page
trouble-wrong-method-text = It takes the form of another page only. Go back, and use the buttons there.
trouble-too-many = Too many attempts
trouble-too-many-text = Please wait a little, then try again.
trouble-unavailable = The console cannot reach its database
trouble-unavailable-text = Nothing was changed. Requests signed with your AccessKeys go on being verified. Please try again in a minute.
trouble-broken = Something went wrong here
trouble-broken-text = It is not your doing. Whoever runs this server finds the reason in the log under the number below.
trouble-request-id = Request
trouble-home = To the first page

## What cannot be done
said-description = The description is one line of at most 128 characters.
said-description-missing = Please say what the AccessKey is for: it helps you when you meet it again.
said-expiry-past = The expiry is in the past.
said-expiry-date = Please choose the day on which it expires.
said-networks = Please write one network a line, such as 203.0.113.7 or 203.0.113.0/24, at most 20 of them.
said-not-agreed = Please confirm that you will keep the secret safe.
said-private-key = That is a private key. It was not kept, and no server needs it: paste the public one. If others can see this page, think about making a new pair.
said-public-key = That is no public key that can be used here: it reads -----BEGIN PUBLIC KEY-----, and is RSA of at least 2048 bits, Ed25519, or ECDSA P-256.
said-public-key-missing = Please paste the public key.
said-public-key-unused = You pasted a public key: choose to register it, or empty the field.
said-access-key-limit = The account has as many AccessKeys as it may have ({ $n }). Delete one first.
said-still-enabled = It is enabled. Disable it first.
said-in-recycle-bin = It is in the recycle bin. Restore it first.
said-recycle-bin-over = It was deleted more than 30 days ago and cannot be restored. Create another.
said-already-so = Nothing was changed: that was done already.
said-sent-twice = This form was sent already, and its AccessKey was created. Its secret was shown then, and is not shown again.
said-project-name = A project’s name is 3 to 28 letters, digits or underscores, and begins with a letter.
said-project-taken = That name is taken. Choose another.
said-suspended = The account is suspended. Ask whoever runs this server.
said-id-differs = That is not the id of this AccessKey.

## What was done
notice-disabled = AccessKey { $about } is disabled.
notice-enabled = AccessKey { $about } is enabled.
notice-deleted = AccessKey { $about } is in the recycle bin. It can be restored for 30 days.
notice-restored = AccessKey { $about } is restored, and disabled.
notice-project-created = Project { $about } is created.
notice-project-deleted = Project { $about } is deleted.
notice-in-force = In force on this node after { $ms } ms, with revision { $revision }.

## AccessKeys
keys-lead = Programs sign their requests with an AccessKey. Give each application one of its own.
keys-create = Create AccessKey
keys-create-first = Create your first AccessKey
keys-none = No AccessKey yet
keys-none-text = An AccessKey has an id and a secret. The secret signs requests and never travels with them.
keys-caption = { $n ->
    [one] 1 AccessKey
   *[other] { $n } AccessKeys
}
keys-limit = { $n } at most
keys-id = AccessKey ID
keys-status = Status
keys-last-used = Last used
keys-created = Created
keys-deleted = Deleted
keys-restorable = Can be restored for
keys-expires = expires { $when }
keys-never = never
keys-actions = Actions
keys-manage = Manage
keys-manage-one = Manage { $id }
keys-no-description = No description
status-enabled = Enabled
status-disabled = Disabled
status-deleted = Deleted
status-expired = Expired
kind-public = Public key
chip-expires = Expires in { $span }
chip-idle = Unused for 90 days
chip-old = Due for rotation
recycle-bin = Recycle bin
recycle-bin-text = Deleted AccessKeys wait here for 30 days, then they are gone for good. A restored one is disabled at first.
endpoint-is = Endpoint

## One AccessKey
key-age = { $age } old
key-expiry = Expiry
key-anywhere = Anywhere
key-actions = What you can do
key-disable = Disable
key-disable-text = Requests signed with it are refused within milliseconds. You can enable it again.
key-enable = Enable
key-enable-text = Requests signed with it are accepted again.
key-rotate = Rotate
key-rotate-text = Replace it by a new one without an interruption, step by step.
key-delete = Delete
key-delete-text = Moves it to the recycle bin for 30 days.
key-delete-disabled-only = Only a disabled AccessKey can be deleted.
key-restore = Restore
key-restore-one = Restore { $id }
key-restore-text = Takes it out of the recycle bin, disabled.
used-when = When
used-address = From
used-scheme = Signature scheme
used-client = Client

## Creating one
new-lead = A secret is shown once, right after this page.
new-description = What is it for?
new-description-hint = The application that will use it, such as “nightly report”.
new-expiry = When does it expire?
new-expiry-hint = From then on it is refused. A short life limits what a leak can do.
new-expiry-never = Never
new-expiry-days = { $days } days
new-expiry-date = At the end of
new-expiry-date-label = Last day, in UTC
new-networks = Source networks
new-networks-hint = Optional: where it may be used from, one network a line. Requests from elsewhere are refused.
new-networks-mine = Use my address
new-networks-yours = You are connected from
new-agree = I will keep the secret, or the private key, where only the application can read it: not in code, chats or tickets. If it leaks, I disable the AccessKey at once.
new-kind = What signs its requests?
new-kind-secret = A secret, which the server makes
new-kind-public = A private key of your own: you register the public one
public-key = Public key
public-key-label = The public key, in PEM
public-key-hint = RSA of at least 2048 bits, Ed25519, or ECDSA P-256. The private key stays with you: do not paste it anywhere.
public-algorithm = Algorithm
public-fingerprint = Fingerprint (SHA-256)
copy-public-key = Copy the public key
public-use = Sign with it
public-use-text = Your client signs with the private key and names this AccessKey ID. There is no secret: whoever reads this server’s data can sign nothing with it.
public-how-rsa = RSA signs Alibaba Cloud’s requests (SHA256withRSA, ACS3-RSA-SHA256) and HTTP Message Signatures (RFC 9421, rsa-pss-sha512). SHA-1 with RSA is refused unless whoever runs this server allows it.
public-how-ed25519 = Ed25519 signs HTTP Message Signatures (RFC 9421, ed25519), with the AccessKey ID as keyid.
public-how-ecdsa = ECDSA P-256 signs HTTP Message Signatures (RFC 9421, ecdsa-p256-sha256), with the AccessKey ID as keyid.
registered-title = Your public key is registered
registered-lead = Requests signed with its private key are accepted from now on.
registered-done = To the AccessKeys
registered-done-rotate = Back to the rotation
copy-id = Copy the AccessKey ID
copy-secret = Copy the AccessKey secret
created-title = Your new AccessKey
created-once = This is the only time the secret is shown. Save it now: nobody can show it to you again.
created-secret = AccessKey secret
download-ini = odps_config.ini
download-csv = CSV
download-env = Environment file
first-use-waiting = Waiting for your first signed request…
first-use-seen = It works: a signed request at { $time } from { $address }. { $client }
created-no-project = Your account has no project yet, and clients ask for one.
created-no-project-link = Create a project
created-files = Ready to use
created-ini-hint = For odpscmd: save it as conf/odps_config.ini, readable by you alone.
created-env = Environment variables
created-env-hint = For a shell or a service manager. The programs below read them.
file-ini-first = For odpscmd: save as conf/odps_config.ini, or name it with --config=FILE.
file-secret = It holds a secret, so let nobody else read it: chmod 600.
snippets-title = Use it
snippets-text = These programs take the AccessKey from the environment, so that no secret ends up in your code.
created-done = I have saved the secret
created-done-rotate = I have saved the secret: back to the rotation

## Deleting one
delete-title = Delete this AccessKey?
delete-lead = It goes to the recycle bin, from which you can restore it for 30 days. After that it is gone for good.
delete-last-used = It was last used { $when }.
delete-type = Type its id to confirm

## Rotating one
rotate-title = Rotate an AccessKey
rotate-lead = Both AccessKeys are accepted until you disable the old one, so nothing has to stop. You can leave this page and come back: it shows how things stand.
rotate-one = Create the successor
rotate-one-text = It gets the same description. Its secret is shown once.
rotate-one-public = Make a new pair of keys, and register its public key. It gets the same description.
rotate-one-register = Register the successor
rotate-one-button = Create the successor
rotate-one-done = Created { $when }:
rotate-two = Move your applications to it
rotate-two-text = Put the new id and secret wherever the old ones are in use.
rotate-two-public = Put the new id and private key wherever the old ones are in use.
rotate-old-used = The old one was last used
rotate-new-used = The new one was last used
rotate-still-used = The old AccessKey was used after the new one was created: something has not moved yet.
rotate-not-used = The old AccessKey has not been used since the new one was created.
rotate-new-unused = Nothing has used the new AccessKey yet.
rotate-three = Disable the old one
rotate-three-text = Whatever was forgotten is refused from then on. Watch for a while: you can enable it again at once.
rotate-three-button = Disable the old one
rotate-three-back = Enable it again
rotate-four = Delete the old one
rotate-four-text = Once nothing misses it. It can be restored for 30 days.
rotate-four-button = Delete the old one

## Projects
projects-lead = Names that your clients sign in to. Each is unique on this server.
projects-name = Project
projects-hint = 3 to 28 letters, digits or underscores, beginning with a letter.
projects-create = Create project
projects-none = No project yet.
projects-caption = { $n ->
    [one] 1 project
   *[other] { $n } projects
}
projects-delete-one = Delete { $name }
projects-delete-text = Clients that sign in to it are refused from then on, and anybody may take the name.

## Signature debugger
debug-lead = Paste a request that was refused. You see what the server signs, line by line, and what most likely went wrong.
debug-request = The request
debug-request-hint = What curl -v prints, the raw request, or JSON with method, request_target and headers.
debug-more = More, if you have it
debug-client-string = What your client signed
debug-client-string-hint = The string to sign from your client’s log. It is compared line by line.
debug-base = Path of the endpoint
debug-base-hint = What stands behind the host in your endpoint’s address.
debug-explain = Explain
debug-again = Try another
debug-private = What you paste is judged in memory and kept nowhere. It is tested only with AccessKeys of your own account.
debug-unreadable = This is not a request that can be read.
debug-matches = The signature matches, and the request would be let through.
debug-matches-refused = The signature matches, but the request would be refused all the same.
debug-differs = The signature does not match.
debug-unjudged = The signature was not judged.
debug-cause = The cause
debug-likely = The likely cause
debug-difference = Where the two sides part
debug-line = Line
debug-what = What
debug-text = Text
debug-empty = (empty)
debug-received = The server read
debug-signed = The client signed
debug-canonical = Canonical request, as the server reads it
debug-canonical-text = The hash of this text stands in the string to sign.
debug-string = String to sign, as the server reads it
debug-string-text = This is what the signature has to be made of.
debug-steps = How the request was read
debug-key-foreign = None of your AccessKeys has this id, so its signature is not judged.
debug-key-enabled = Yours, enabled
debug-key-disabled = Yours, but disabled: enable it first
debug-key-deleted = Yours, but deleted: restore and enable it first

## Activity
activity-lead = Everything that was changed in your account, in the order in which it took effect.
activity-filter = Filter
activity-about = About
activity-all = Everything
activity-none = Nothing here.
activity-what = What
activity-by = By
activity-revision = Revision
activity-pages = Pages
activity-newest = To the newest
activity-older = Older
refusals-title = Refused requests
refusals-text = Requests that named one of your AccessKeys and were refused, counted by the hour, for 30 days.
refusals-none = None.
refusals-last = Last
refusals-reason = Reason
refusals-count = Count
actor-you = You
actor-administrator = An administrator
actor-command-line = Command line ({ $name })
change-account-opened = Account opened
change-account-suspended = Account suspended
change-account-resumed = Account resumed
change-account-closed = Account closed
change-email = E-mail address changed to { $value }
change-limit = At most { $value } AccessKeys from now on
change-appointed = Made an administrator
change-dismissed = No administrator any more
change-registration-open = Registration opened to everybody
change-registration-invitation = Registration by invitation only
change-registration-closed = Registration closed
change-password = Password set
change-factor-added = Second factor added
change-factor-removed = Second factor removed
change-recovery-codes = New recovery codes made
change-real-name-submitted = Real name submitted
change-real-name-approved = Real name approved
change-real-name-rejected = Real name rejected: { $value }
change-project-created = Project { $value } created
change-project-deleted = Project { $value } deleted
change-key-created = AccessKey created: { $value }
change-key-registered = Public key registered as an AccessKey: { $value }
change-key-replaces = AccessKey created to replace { $value }
change-key-disabled = AccessKey disabled
change-key-enabled = AccessKey enabled
change-key-deleted = AccessKey moved to the recycle bin
change-key-restored = AccessKey restored, disabled
change-key-purged = AccessKey gone from the recycle bin for good

## Signing in
sign-in = Sign in
sign-in-lead = With your e-mail address and password.
email = E-mail address
password = Password
forgot-link = Forgot your password?
sign-up-link = Open an account
factor-title = One more step
factor-lead = Your account asks for a second factor.
factor-code = Code
factor-code-hint = Six digits from your authenticator app, or one of your recovery codes.
factor-verify = Verify
factor-other = Sign in as somebody else
prove-title = Is it you?
prove-lead = You are about to do something that matters. Please show your password again.
prove-button = Go on
forgot-title = Set a new password
forgot-lead = We send a link to your address. It works once, for an hour.
forgot-button = Send the link
said-sign-in = The e-mail address or the password is wrong.
said-wrong-password = The password is wrong.
said-second-factor = The code is wrong, or was used already.
said-email = That is not an e-mail address that can be used here.
said-password-short = A password has at least 12 characters.
said-password-long = The password is too long.
said-password-guessable = That password is easy to guess. Take a longer one, of words that have nothing to do with you or each other.

## Opening an account
sign-up = Open an account
sign-up-lead = You get a mail with a link, which proves that the address is yours.
sign-up-closed = Accounts are opened by whoever runs this server. Ask there for one.
sign-up-invitation = Accounts are opened by invitation. Ask whoever runs this server for one.
sign-up-no-mail = This server sends no mail, so accounts are opened by whoever runs it.
sign-up-have = You have an account? Sign in
new-password = New password
new-password-hint = At least 12 characters. Several unrelated words make a good one.
strength-short = Too short or too simple
strength-fair = Fair: longer is better
strength-good = Good
sent-title = Look into your mail
sent-text = If { $email } can be used here, a mail with a link is on its way to it.
sent-nothing = Nothing arrived? Look into the spam folder, and see whether the address is right. What we tell you here does not depend on whether there is an account.
mails-link = The mails of this server
mails-title = Mails
mails-lead = This server is for trying out: its mails are not sent, but shown here.
mails-none = No mail yet.
link-over = This link does nothing any more
link-over-text = It was used, or its time is over, or it was not copied whole. Ask for another.
link-sign-up-title = Open your account
link-sign-up-text = Show the password that you chose, and the account with this address is yours.
link-sign-up-button = Open the account
link-invitation-title = You are invited
link-invitation-text = Choose a password, and the account with this address is yours.
link-password-title = Set a new password
link-password-text = Everybody who is signed in to the account is signed out.
link-password-button = Set the password
link-email-title = Change your address
link-email-text = From now on you sign in with this address.
link-email-button = Change the address
link-start-title = Welcome to Countersign
link-start-text = This server has no account yet. You open the first one, which administers all others.
notice-account-opened = Your account is open. Sign in with your new password.
notice-password-reset = Your password is set. Sign in with it.
notice-email-changed = Your e-mail address is changed.

## Account
save = Save
profile-title = Profile
profile-id = Account ID
profile-since = Since
profile-new-email = New e-mail address
profile-change-email = Change the address
profile-email-hint = We send a link to the new address. Until it is opened, nothing changes.
profile-language = Language of your mails
password-set = Last set { $when }.
password-none = No password is set.
password-change = Change the password
password-change-hint = You are signed out everywhere else.
factors-title = Second factors
factors-text = Beside your password, something that only you have. Whoever learns your password does not get in with it alone.
factor-totp = Authenticator app
factor-passkey = Passkey
factor-used = last used { $when }
factor-unused = never used
factor-remove = Remove
factor-remove-one = Remove { $name }
factor-add = Add an authenticator app
factor-add-button = Add it
factor-new-codes = Make new recovery codes
factor-codes-left = { $n ->
    [one] 1 recovery code left
   *[other] { $n } recovery codes left
}
passkey-add = Add a passkey
passkey-lead = A passkey is kept by your device or password manager. It works on this site alone, so nobody can lure it from you.
passkey-use = Use a passkey
passkey-or = Leave the code empty to use a passkey.
passkey-failed = That did not work. Try again, or use another way.
passkey-unsupported = This browser cannot make passkeys here. Use an authenticator app instead.
totp-lead = Scan the picture with your authenticator app, then type the code that it shows.
totp-qr = The key for your authenticator app, as a QR code
totp-by-hand = No camera? Type this key into the app:
totp-name = What do you call it?
totp-default-name = Authenticator app
totp-code = Code that the app shows
codes-title = Your recovery codes
codes-once = Keep them where you find them without your phone. Each opens your account once in place of the app, and they are shown only now.
codes-download = Save as a file
codes-done = I have saved them
sessions-title = Where you are signed in
sessions-text = Browsers that are signed in to your account.
session-seen = active { $when }
session-this = This browser
session-end = Sign out
session-end-others = Sign out everywhere else
real-name-title = Real name
real-name-lead = This server asks for your real name before your first AccessKey. It is sealed in the database, and seen by administrators alone.
real-name-name = Name, as in the document
real-name-document = Document
real-name-document-hint = Its kind and number, such as “passport X1234567”.
real-name-submit = Submit
real-name-missing = Not submitted
real-name-submitted = Waiting for an administrator
real-name-approved = Verified
real-name-rejected = Rejected
said-real-name = Please fill in both fields, with at most 256 characters each.
said-real-name-needed = Your real name must be verified before you create an AccessKey.
close-title = Close the account
close-text = Your AccessKeys are refused at once, and nobody can sign in any more.
close-button = Close the account
close-question = Close your account?
close-lead = This cannot be undone. Your AccessKeys are refused from then on, your projects stay taken, and your address is free for another account.
close-type = Type { $email } to confirm
said-email-differs = That is not the address of this account.
said-last-administrator = You are the last administrator. Appoint another first.
said-factor-limit = There are as many second factors as an account may have. Remove one first.
notice-language = Your mails come in this language from now on.
notice-password-changed = Your password is changed, and all other browsers are signed out.
notice-email-sent = A link is on its way to the new address.
notice-factor-added = The second factor is added.
notice-factor-removed = The second factor is removed.
notice-session-ended = That browser is signed out.
notice-sessions-ended = All other browsers are signed out.
notice-real-name-submitted = Your real name is submitted.
notice-closed = Your account is closed.
notice-signed-out = You are signed out.

## Mails. Their subjects hold no values.
mail-end = Countersign. You get this mail because of what happened in an account with your address.
mail-sign-up-subject = Open your Countersign account
mail-sign-up =
    Somebody, most likely you, asked for a Countersign account with this address.

    Open the account here, with the password that you chose:
    { $link }

    The link works once, until { $expires }. If it was not you, do nothing: no account is opened.
mail-already-registered-subject = You have a Countersign account
mail-already-registered =
    Somebody, most likely you, wanted to use this address for a Countersign account. It has one already.

    Sign in here:
    { $link }

    If you forgot the password, you can set another one there. If it was not you, there is nothing to do.
mail-invitation-subject = You are invited to Countersign
mail-invitation =
    You are invited to open a Countersign account with this address. Choose a password here:
    { $link }

    The link works once, until { $expires }.
mail-password-reset-subject = Set a new password
mail-password-reset =
    Somebody, most likely you, wants to set a new password for your Countersign account. Do it here:
    { $link }

    The link works once, until { $expires }. If it was not you, do nothing: your password stays as it is.
mail-password-changed-subject = Your password was changed
mail-password-changed =
    The password of your Countersign account was changed at { $at }.

    If it was not you, set another one at once:
    { $link }
mail-new-device-subject = A new browser signed in to your account
mail-new-device =
    Your Countersign account was used with a browser that it had not been used with before.

    When:    { $at }
    From:    { $address }
    Browser: { $client }

    If it was not you, sign that browser out and change your password:
    { $link }
mail-email-change-subject = Confirm your new address
mail-email-change =
    Open this link, signed in to your Countersign account, to make this its address:
    { $link }

    It works once, until { $expires }. If you do not know what this is about, do nothing.
mail-email-changed-subject = Your address was changed
mail-email-changed =
    The address of your Countersign account is { $email } now. Mails go there from now on.

    If it was not you, tell whoever runs the server at once.
mail-factor-added-subject = A second factor was added
mail-factor-added =
    A second factor was added to your Countersign account: { $name }

    If it was not you, remove it and change your password:
    { $link }
mail-factor-removed-subject = A second factor was removed
mail-factor-removed =
    A second factor was removed from your Countersign account: { $name }

    If it was not you, change your password and add it again:
    { $link }
mail-recovery-codes-subject = New recovery codes were made
mail-recovery-codes =
    New recovery codes were made for your Countersign account. The old ones do nothing any more.

    If it was not you, make others and change your password:
    { $link }
mail-recovery-code-used-subject = A recovery code was used
mail-recovery-code-used =
    Somebody signed in to your Countersign account with a recovery code. So many are left: { $left }

    If it was not you, change your password and make new codes:
    { $link }
mail-closed-subject = Your account was closed
mail-closed = Your Countersign account was closed. Its AccessKeys are refused from now on.
mail-suspended-subject = Your account was suspended
mail-suspended =
    Your Countersign account was suspended by an administrator. Its AccessKeys are refused until it is resumed.

    Ask whoever runs the server.
mail-resumed-subject = Your account was resumed
mail-resumed =
    Your Countersign account was resumed. Its AccessKeys are accepted again, and you can sign in:
    { $link }
mail-real-name-approved-subject = Your real name is verified
mail-real-name-approved =
    An administrator verified your real name. You can create AccessKeys now:
    { $link }
mail-real-name-rejected-subject = Your real name was not verified
mail-real-name-rejected =
    An administrator could not verify your real name, for this reason: { $reason }

    You can submit it again:
    { $link }
mail-key-expires-subject = An AccessKey is about to expire
mail-key-expires =
    Your AccessKey { $id } ({ $description }) expires at { $at }. From then on it is refused.

    If something still uses it, replace it before:
    { $link }
mail-key-old-subject = An AccessKey is due for rotation
mail-key-old =
    Your AccessKey { $id } ({ $description }) was created at { $at }, and is as old as AccessKeys should become here.

    Replace it step by step, without an interruption:
    { $link }
mail-password-old-subject = Time for another password
mail-password-old =
    The password of your Countersign account was set at { $at }. Whoever runs the server asks you to set another:
    { $link }
mail-test-subject = A test by Countersign
mail-test = This mail arrived, so mails of Countersign do.

## Administration
admin-accounts = Accounts
admin-search = Address or account ID
admin-find = Search
admin-none = No account found.
admin-more = More
admin-status = Status
admin-in-force = In force
admin-suspended = Suspended
admin-closed = Closed
admin-administrator = Administrator
admin-limit = AccessKeys at most
admin-set-limit = Set the limit
admin-suspend = Suspend
admin-suspend-text = All its AccessKeys are refused, and it is signed out, until it is resumed.
admin-resume = Resume
admin-resume-text = Its AccessKeys are accepted again.
admin-appoint = Make an administrator
admin-appoint-text = It may do everything on these pages.
admin-dismiss = Dismiss as administrator
admin-dismiss-text = It becomes an account like any other.
admin-registration = Registration
admin-registration-text = Who may open an account by themselves.
admin-registration-open = Everybody who proves an address
admin-registration-invitation = By invitation
admin-registration-closed = Nobody
admin-invite = Invite
admin-invite-text = A link to open an account goes to this address.
admin-real-names = Real names waiting
admin-real-names-none = None is waiting.
admin-look = Look
admin-approve = Approve
admin-reject = Reject
admin-reason = Reason, for the account’s owner to read
admin-submitted = Submitted
admin-mail = Mail
admin-mail-on = Mails are sent.
admin-mail-shown = Mails are shown on a page of this server instead of sent.
admin-mail-off = No mail server is configured: nobody can register, and forgotten passwords cannot be set anew.
admin-mail-test = Send a test to my address
said-not-suspended = It is not suspended.
said-email-taken = There is an account with that address already.
said-registration-closed = Registration is closed. Allow invitations first.
said-number = Please write a whole number.
notice-registration = Registration is changed.
notice-invited = The invitation is on its way.
notice-mail-test = The test is on its way. Look into your mail.
notice-suspended = The account is suspended.
notice-resumed = The account is resumed.
notice-limit = The limit is set.
notice-appointed = The account is an administrator now.
notice-dismissed = The account is no administrator any more.
notice-real-name-approved = The real name is approved.
notice-real-name-rejected = The real name is rejected.
