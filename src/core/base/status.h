/* SPDX-License-Identifier: Apache-2.0 */
/* The one error type.  A value is named by what the caller can do about it. */
#ifndef CORE_BASE_STATUS_H
#define CORE_BASE_STATUS_H

#define must_check __attribute__((warn_unused_result))

enum status {
    STATUS_OK = 0,
    STATUS_MALFORMED,   /* the bytes are not what the format allows: discard them */
    STATUS_TRUNCATED,   /* the bytes end too early: fetch them whole */
    STATUS_UNSUPPORTED, /* well-formed, but a version, type or size this build does not know */
    STATUS_FORGED,      /* a signature, tag or hash does not match: do not trust the bytes */
    STATUS_REFUSED,     /* a policy or a protocol state does not allow it */
    STATUS_STALE,       /* genuine, but outside its time of validity: fetch it anew */
    STATUS_LIMIT,       /* a stated limit would be passed: ask for less */
    STATUS_NO_MEMORY,   /* memory could not be had or locked */
    STATUS_NOT_FOUND,   /* no such file, key, model or field */
    STATUS_EXISTS,      /* it is there already and is not overwritten */
    STATUS_IO,          /* a system call failed */
    STATUS_NETWORK,     /* the peer could not be reached, or did not keep to the protocol */
    STATUS_BUSY,        /* another holds it, or no room now: try again */
    STATUS_USAGE,       /* the request itself is wrong: mend it */
    STATUS_BROKEN,      /* an invariant of this program does not hold */
};

/* The name of a status in lower case, for a person; never NULL. */
const char *status_name(enum status status);

#endif
