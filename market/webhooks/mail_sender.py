# SPDX-License-Identifier: Apache-2.0
"""Send an event by e-mail, in plain words and with the server's name."""

from email import message
from email import utils
import smtplib
import ssl
import urllib.parse

from flocx.core import window
from market.webhooks import http_sender
from market.webhooks import wording

#: What a mail server answers when it will never take a mail for an address: RFC 5321.
_NEVER = range(500, 600)


class MailSender:
    """Sends events by way of the operator's mail server."""

    def __init__(self, conf, names):
        """A way to send e-mail.

        :param conf: the group ``[webhooks]``.
        :param names: given uuids of servers, returns {uuid: name}.
        """
        self._conf, self._names = conf, names

    def send(self, webhook, event):
        """Send an event, JSON, to the address of ``webhook``.

        :raises http_sender.NotTaken: the mail server did not take it.
        """
        mail = self._mail(webhook, event)
        try:
            with self._connected() as server:
                server.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            ((code, _),) = error.recipients.values()
            raise http_sender.NotTaken(
                f'the mail server answered {code}', counts=code in _NEVER
            ) from None
        except (smtplib.SMTPException, OSError) as error:
            # It is the operator's, and nobody's webhook is disabled for it.
            raise http_sender.NotTaken(
                f'the mail server does not take it: {type(error).__name__}',
                counts=False,
            ) from None

    def _connected(self):
        conf, context = self._conf, ssl.create_default_context(cafile=self._conf.cafile)
        where = conf.smtp_host, conf.smtp_port
        if conf.smtp_security == 'tls':
            server = smtplib.SMTP_SSL(*where, timeout=conf.timeout, context=context)
        else:
            server = smtplib.SMTP(*where, timeout=conf.timeout)
        try:
            if conf.smtp_security == 'starttls':
                server.starttls(context=context)
            if conf.smtp_username:
                server.login(conf.smtp_username, conf.smtp_password or '')
        except BaseException:
            server.close()
            raise
        return server

    def _mail(self, webhook, event):
        subject, body = wording.text(event, self._names(wording.servers_of(event)))
        mail = message.EmailMessage()
        mail['From'] = self._conf.mail_from
        mail['To'] = urllib.parse.urlsplit(webhook.url).path
        mail['Subject'] = subject
        mail['Date'] = utils.format_datetime(window.instant(event['time'], 'time'))
        domain = self._conf.mail_from.rpartition('@')[2]
        # The same each time, so that who gets it twice can tell.
        mail['Message-ID'] = f'<event.{event["id"]}.{webhook.uuid}@{domain}>'
        # Nobody's holiday is answered to (RFC 3834).
        mail['Auto-Submitted'] = 'auto-generated'
        mail.set_content(body)
        return mail
