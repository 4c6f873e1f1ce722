# pip install pyodps
import os
from odps import ODPS

o = ODPS(
    os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"],
    os.environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"],
    project="@PROJECT@",
    endpoint=os.environ["ODPS_ENDPOINT"],
)
print(o.get_project().run_security_query("whoami"))
