//! The query parameters that OSS V1 signs. All others it leaves to whoever comes between.

/// Whether a query parameter is part of the signed resource.
///
/// What oss2 2.19.1 signs (`oss2/auth.py`, `_subresource_key_set`), and what the Go SDK (`oss/conn.go`, `signKeyList`) and
/// reqsign sign besides. Each client signs those that it knows; where one sends another of these, its signature is wrong
/// by the rule of all others.
pub(super) fn is_sub_resource(name: &[u8]) -> bool {
    matches!(
        name,
        b"accessPoint"
            | b"accessPointPolicy"
            | b"acl"
            | b"append"
            | b"asyncFetch"
            | b"bucketArchiveDirectRead"
            | b"bucketInfo"
            | b"callback"
            | b"callback-var"
            | b"cloudboxes"
            | b"cname"
            | b"comp"
            | b"continuation-token"
            | b"cors"
            | b"delete"
            | b"encryption"
            | b"endTime"
            | b"group"
            | b"httpsConfig"
            | b"img"
            | b"inventory"
            | b"inventoryId"
            | b"lifecycle"
            | b"link"
            | b"live"
            | b"location"
            | b"logging"
            | b"metaQuery"
            | b"objectInfo"
            | b"objectMeta"
            | b"partNumber"
            | b"policy"
            | b"position"
            | b"publicAccessBlock"
            | b"qos"
            | b"qosInfo"
            | b"qosRequester"
            | b"redundancyTransition"
            | b"referer"
            | b"regionList"
            | b"replication"
            | b"replicationLocation"
            | b"replicationProgress"
            | b"requestPayment"
            | b"requesterQosInfo"
            | b"resourceGroup"
            | b"resourcePool"
            | b"resourcePoolBuckets"
            | b"resourcePoolInfo"
            | b"response-cache-control"
            | b"response-content-disposition"
            | b"response-content-encoding"
            | b"response-content-language"
            | b"response-content-type"
            | b"response-expires"
            | b"responseHeader"
            | b"restore"
            | b"rtc"
            | b"security-token"
            | b"sequential"
            | b"startTime"
            | b"stat"
            | b"status"
            | b"style"
            | b"styleName"
            | b"symlink"
            | b"tagging"
            | b"transferAcceleration"
            | b"udf"
            | b"udfApplication"
            | b"udfApplicationLog"
            | b"udfId"
            | b"udfImage"
            | b"udfImageDesc"
            | b"udfName"
            | b"uploadId"
            | b"uploads"
            | b"versionId"
            | b"versioning"
            | b"versions"
            | b"vod"
            | b"website"
            | b"withHashContext"
            | b"worm"
            | b"wormExtend"
            | b"wormId"
            | b"x-oss-ac-forward-allow"
            | b"x-oss-ac-source-ip"
            | b"x-oss-ac-subnet-mask"
            | b"x-oss-ac-vpc-id"
            | b"x-oss-access-point-name"
            | b"x-oss-async-process"
            | b"x-oss-enable-md5"
            | b"x-oss-enable-sha1"
            | b"x-oss-enable-sha256"
            | b"x-oss-hash-ctx"
            | b"x-oss-md5-ctx"
            | b"x-oss-process"
            | b"x-oss-redundancy-transition-taskid"
            | b"x-oss-request-payer"
            | b"x-oss-target-redundancy-type"
            | b"x-oss-traffic-limit"
            | b"x-oss-write-get-object-response"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart_by_every_letter() {
        for name in ["acl", "uploads", "uploadId", "response-content-type", "x-oss-process", "security-token"]
        {
            assert!(is_sub_resource(name.as_bytes()), "{name}");
        }
        for name in
            ["", "prefix", "Acl", "acl ", "uploadid", "list-type", "OSSAccessKeyId", "Expires", "Signature"]
        {
            assert!(!is_sub_resource(name.as_bytes()), "{name}");
        }
    }
}
