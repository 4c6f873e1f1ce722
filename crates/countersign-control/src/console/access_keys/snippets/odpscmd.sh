# With odps_config.ini from above saved as conf/odps_config.ini:
bin/odpscmd --config=conf/odps_config.ini -e "whoami;"
