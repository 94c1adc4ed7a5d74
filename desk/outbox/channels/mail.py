"""Mail by SMTP, over TLS or STARTTLS. ``Message-ID`` and ``Idempotency-Key`` are the same whenever a message is sent again."""

import smtplib
import ssl
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime

from desk.outbox.book import STARTTLS, TLS, Book, Smtp
from desk.outbox.channels.outcome import Letter, Outcome, Unsent

SECONDS = 10.0  # for each answer of the server
PERMANENT = 500


def send(book: Book, letter: Letter, now: datetime) -> Outcome:
    """Hand a letter to the mail server; raises Unsent."""
    server = book.smtp
    if server is None or not letter.contact.smtp:
        raise Unsent("There is no mail server, or the post has no address of mail.", for_good=True)
    try:
        with _opened(server) as session:
            if server.user:
                session.login(server.user, server.password)
            session.send_message(_mail(server, letter, now))
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _said in error.recipients.values()]
        raise Unsent(f"The mail server refused the address ({codes[0]}).", for_good=min(codes) >= PERMANENT) from None
    except smtplib.SMTPResponseException as error:
        raise Unsent(f"The mail server answered {error.smtp_code}.") from None
    except ssl.SSLError as error:
        raise Unsent(f"The mail server's certificate or TLS does not hold ({error.reason or 'TLS'}).") from None
    except (OSError, smtplib.SMTPException) as error:
        raise Unsent(f"The mail server cannot be reached ({type(error).__name__}).") from None
    return Outcome(delivered=False)


def _opened(server: Smtp) -> smtplib.SMTP:
    context = ssl.create_default_context(cafile=server.authority or None)
    if server.security == TLS:
        return smtplib.SMTP_SSL(server.host, server.port, timeout=SECONDS, context=context)
    session = smtplib.SMTP(server.host, server.port, timeout=SECONDS)
    if server.security == STARTTLS:
        try:
            session.starttls(context=context)
        except BaseException:
            session.close()
            raise
    return session


def _mail(server: Smtp, letter: Letter, now: datetime) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"] = server.sender, letter.contact.smtp
    mail["Subject"] = letter.subject.replace("\n", " ")
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{letter.key}@{server.sender.rpartition('@')[2]}>"
    mail["Idempotency-Key"] = letter.key
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(letter.text)
    return mail
