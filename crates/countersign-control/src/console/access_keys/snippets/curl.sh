path=/projects/@PROJECT@
date=$(LC_ALL=C date -u '+%a, %d %b %Y %H:%M:%S GMT')
signature=$(printf 'GET\n\n\n%s\n%s' "$date" "$path" |
  openssl dgst -sha1 -hmac "$ALIBABA_CLOUD_ACCESS_KEY_SECRET" -binary | base64)
curl -i "$ODPS_ENDPOINT$path" -H "Date: $date" \
  -H "Authorization: ODPS $ALIBABA_CLOUD_ACCESS_KEY_ID:$signature"
