//! The query parameters that OSS V1 signs. All others it leaves to whoever comes between.

/// Whether a query parameter is part of the signed resource.
pub(super) fn is_sub_resource(name: &[u8]) -> bool {
    SUB_RESOURCES.binary_search_by(|listed| listed.as_bytes().cmp(name)).is_ok()
}

/// Sorted, to be searched. What oss2 2.19.1 signs (`oss2/auth.py`, `_subresource_key_set`), and what the Go SDK
/// (`oss/conn.go`, `signKeyList`) and reqsign sign besides. Each client signs those that it knows; where one sends
/// another of these, its signature is wrong by the rule of all others.
const SUB_RESOURCES: [&str; 103] = [
    "accessPoint",
    "accessPointPolicy",
    "acl",
    "append",
    "asyncFetch",
    "bucketArchiveDirectRead",
    "bucketInfo",
    "callback",
    "callback-var",
    "cloudboxes",
    "cname",
    "comp",
    "continuation-token",
    "cors",
    "delete",
    "encryption",
    "endTime",
    "group",
    "httpsConfig",
    "img",
    "inventory",
    "inventoryId",
    "lifecycle",
    "link",
    "live",
    "location",
    "logging",
    "metaQuery",
    "objectInfo",
    "objectMeta",
    "partNumber",
    "policy",
    "position",
    "publicAccessBlock",
    "qos",
    "qosInfo",
    "qosRequester",
    "redundancyTransition",
    "referer",
    "regionList",
    "replication",
    "replicationLocation",
    "replicationProgress",
    "requestPayment",
    "requesterQosInfo",
    "resourceGroup",
    "resourcePool",
    "resourcePoolBuckets",
    "resourcePoolInfo",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "responseHeader",
    "restore",
    "rtc",
    "security-token",
    "sequential",
    "startTime",
    "stat",
    "status",
    "style",
    "styleName",
    "symlink",
    "tagging",
    "transferAcceleration",
    "udf",
    "udfApplication",
    "udfApplicationLog",
    "udfId",
    "udfImage",
    "udfImageDesc",
    "udfName",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "vod",
    "website",
    "withHashContext",
    "worm",
    "wormExtend",
    "wormId",
    "x-oss-ac-forward-allow",
    "x-oss-ac-source-ip",
    "x-oss-ac-subnet-mask",
    "x-oss-ac-vpc-id",
    "x-oss-access-point-name",
    "x-oss-async-process",
    "x-oss-enable-md5",
    "x-oss-enable-sha1",
    "x-oss-enable-sha256",
    "x-oss-hash-ctx",
    "x-oss-md5-ctx",
    "x-oss-process",
    "x-oss-redundancy-transition-taskid",
    "x-oss-request-payer",
    "x-oss-target-redundancy-type",
    "x-oss-traffic-limit",
    "x-oss-write-get-object-response",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_so_that_everything_in_it_is_found() {
        assert!(SUB_RESOURCES.is_sorted());
        assert!(SUB_RESOURCES.iter().all(|name| is_sub_resource(name.as_bytes())));
        for name in ["", "prefix", "Acl", "acl ", "list-type", "OSSAccessKeyId", "Expires", "Signature"] {
            assert!(!is_sub_resource(name.as_bytes()), "{name}");
        }
    }
}
