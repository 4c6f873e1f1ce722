"""A mail server that keeps what it gets: each mail is a JSON file in the directory that it is given.

It prints its port, and ends when its standard input does.
"""

import asyncio
import json
import os
import sys
from email import message_from_bytes, policy

from aiosmtpd.smtp import SMTP

directory = sys.argv[1]
count = 0


class Keep:
    async def handle_DATA(self, server, session, envelope):
        global count
        count += 1
        message = message_from_bytes(envelope.original_content, policy=policy.default)
        kept = {
            "sender": envelope.mail_from,
            "recipients": envelope.rcpt_tos,
            # In order, and each as often as it came.
            "headers": [[name, str(value)] for name, value in message.items()],
            "text": message.get_content(),
        }
        # By a rename, so that whoever lists the directory finds whole mails alone.
        name = os.path.join(directory, f"{count:06}")
        with open(name, "w") as file:
            json.dump(kept, file)
        os.rename(name, name + ".json")
        return "250 kept"


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Keep(), enable_SMTPUTF8=True), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
