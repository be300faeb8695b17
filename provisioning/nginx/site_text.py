"""nginx's configuration of the devices' door, as text with places of the form <name>.

It belongs inside `http { }`: a file for /etc/nginx/conf.d. Tried with nginx 1.22 (Debian's nginx-light).
nginx checks chain, times and revocation list in the handshake and keeps to the limits; the gateway judges
each request (`auth_request`), revocation included, and names the identity that the database sees.
"""

SITE = r"""# Written by `survey provision nginx`: change the command's options, not this file.
# The door of the devices: mutual TLS, every request judged by the gateway. CouchDB and the pages listen on
# loopback only.

# Who is counted together by the limits: a certificate, or an address without one.
map $ssl_client_verify $survey_client {
    SUCCESS $ssl_client_fingerprint;
    default $binary_remote_addr;
}
# Absolute form (GET https://host/...) and whatever else does not begin with a slash.
map $request $survey_other_form {
    "~^[A-Z]+ /" 0;
    default 1;
}
limit_conn_zone $survey_client zone=survey_connections:10m;
limit_req_zone $survey_client zone=survey_requests:10m rate=30r/s;
limit_req_zone $binary_remote_addr zone=survey_enrolment:1m rate=10r/m;

# Serial and path, never a query, a header or the certificate's email.
log_format survey escape=json '{"at":"$time_iso8601","peer":"$remote_addr","serial":"$ssl_client_serial",'
    '"method":"$request_method","path":"$uri","status":"$status","bytes":"$body_bytes_sent",'
    '"seconds":"$request_time","refused":"$survey_error"}';

upstream survey_couchdb {
    server <couchdb>;
    keepalive 32;
}
upstream survey_pages {
    server <pages>;
    keepalive 16;
}

# Whoever asks under another name, or under none, learns nothing.
server {
    listen <listen> ssl default_server;
    ssl_reject_handshake on;
    server_tokens off;
    # Until a connection has said its name and begun to ask, these times count, not those of its server below.
    client_header_timeout 15s;
    keepalive_timeout 75s;
    access_log <log> survey;
    return 421;  # a Host that is not the name of the handshake
}

server {
    listen <listen> ssl;
    server_name <name>;
    server_tokens off;
    access_log <log> survey;

    ssl_certificate <certificate>;
    ssl_certificate_key <key>;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;
    ssl_prefer_server_ciphers off;
    ssl_session_cache shared:survey:10m;
    ssl_session_timeout 10m;
    ssl_session_tickets off;
    # Optional, since a new device has no certificate yet: the gateway admits it to its enrolment alone.
    ssl_verify_client optional;
    ssl_verify_depth 2;
    ssl_client_certificate <trust>;
    ssl_crl <crl>;

    underscores_in_headers off;
    ignore_invalid_headers on;
    merge_slashes off;
    gzip off;
    large_client_header_buffers 4 8k;
    client_header_timeout 15s;
    client_body_timeout 15s;
    send_timeout 30s;
    keepalive_timeout 75s;
    keepalive_requests 1000;
    lingering_time 10s;
    reset_timedout_connection on;
    limit_conn survey_connections 32;
    limit_conn_status 429;
    limit_req zone=survey_requests burst=300 nodelay;
    limit_req_status 429;
    limit_req_log_level warn;

    if ($survey_other_form) { return 400; }
    if ($http_upgrade) { return 400; }

    auth_request /_gateway/authorize;
    auth_request_set $survey_token $upstream_http_x_survey_authorization;
    auth_request_set $survey_error $upstream_http_x_survey_error;
    auth_request_set $survey_reason $upstream_http_x_survey_reason;

    proxy_http_version 1.1;
    proxy_connect_timeout 5s;
    proxy_send_timeout 30s;
    proxy_read_timeout 60s;
    proxy_max_temp_file_size 0;
    # The body is read before the database is asked: a slow one outlives its token and is refused, so that no
    # request that began before a revocation writes a minute after it.
    proxy_request_buffering on;
    client_body_buffer_size 1m;

    location = /_gateway/authorize {
        internal;
        auth_request off;
        proxy_pass http://survey_pages;
        proxy_method GET;
        proxy_pass_request_body off;
        proxy_pass_request_headers off;
        proxy_set_header Host 127.0.0.1;
        proxy_set_header Connection "";
        proxy_set_header Content-Length "";
        proxy_set_header X-Survey-Client-Cert $ssl_client_escaped_cert;
        proxy_set_header X-Survey-Target $request_uri;
        proxy_set_header X-Survey-Method $request_method;
        include <secret>;
    }

    # The household's database. Nothing of the client's headers passes but what is named here.
    location /household- {
        client_max_body_size 64m;
        proxy_pass http://survey_couchdb;
        proxy_pass_request_headers off;
        proxy_set_header Host $host;
        proxy_set_header Connection "";
        proxy_set_header Accept $http_accept;
        proxy_set_header Content-Type $content_type;
        proxy_set_header If-Match $http_if_match;
        proxy_set_header If-None-Match $http_if_none_match;
        proxy_set_header Authorization $survey_token;
        error_page 401 @unauthorized;
        error_page 403 @forbidden;
<errors>
    }

    location = /enrol {
        limit_req zone=survey_enrolment burst=10 nodelay;
        limit_req zone=survey_requests burst=300 nodelay;
        client_max_body_size 64k;
        include <to_pages>;
    }
    location = /return {
        limit_req zone=survey_enrolment burst=10 nodelay;
        limit_req zone=survey_requests burst=300 nodelay;
        client_max_body_size 64k;
        include <to_pages>;
    }

    # REST API and renewal; what the gateway does not admit ends at it.
    location / {
        client_max_body_size 128k;
        include <to_pages>;
    }

    error_page 401 @unauthorized_problem;
    error_page 403 @forbidden_problem;
<errors>

    location @unauthorized {
        auth_request off;
        default_type application/json;
        return 401 '<unauthorized>';
    }
    location @unauthorized_problem {
        auth_request off;
        default_type application/problem+json;
        return 401 '<unauthorized>';
    }
    location @forbidden {
        auth_request off;
        default_type application/json;
        return 403 '<forbidden>';
    }
    location @forbidden_problem {
        auth_request off;
        default_type application/problem+json;
        return 403 '<forbidden>';
    }
    location = /_refused/bad_request {
        internal;
        auth_request off;
        default_type application/json;
        return 400 '{"error":"bad_request","reason":"the request is not in a form that is read here"}\n';
    }
    location = /_refused/certificate {
        internal;
        auth_request off;
        default_type application/json;
        return 400 '{"error":"certificate_unfit","reason":"the certificate is revoked, ended or foreign"}\n';
    }
    location @not_here {
        auth_request off;
        default_type application/problem+json;
        return 403 '<not_here>';
    }
    location @too_large {
        auth_request off;
        default_type application/json;
        return 413 '{"error":"too_large","reason":"the request entity is too large"}\n';
    }
    location = /_refused/misdirected {
        internal;
        auth_request off;
        default_type application/json;
        return 421 '{"error":"misdirected","reason":"this name belongs to another connection"}\n';
    }
    location @too_many {
        auth_request off;
        default_type application/json;
        add_header Retry-After 10 always;
        return 429 '{"error":"too_many_requests","reason":"slow down"}\n';
    }
    location @unavailable {
        auth_request off;
        default_type application/json;
        add_header Retry-After 10 always;
        return 503 '{"error":"unavailable","reason":"the service behind this address does not answer now"}\n';
    }
}
"""

# What nginx answers by itself; again wherever a location has answers of its own: those replace these.
ERRORS = """
# By address where nginx may have no path to work with: a named location would answer 500.
error_page 400 414 494 497 /_refused/bad_request;
error_page 495 496 /_refused/certificate;
error_page 421 /_refused/misdirected;
error_page 404 405 = @not_here;
error_page 413 @too_large;
error_page 429 @too_many;
error_page 500 502 503 504 @unavailable;
"""

# What the gateway said, as couch.admission.refusal_body words it.
REFUSAL = (
    '{{"error":"$survey_error","reason":"$survey_reason","type":"about:blank","title":"{title}",'
    '"status":{status},"detail":"$survey_reason","code":"$survey_error"}}'
)

# A file of its own: `include <to_pages>` stands in three places.
TO_PAGES = """# Written by `survey provision nginx`: from the devices' door to the pages process.
proxy_pass http://survey_pages;
proxy_pass_request_headers off;
proxy_set_header Host 127.0.0.1;
proxy_set_header Connection "";
proxy_set_header Accept $http_accept;
proxy_set_header Content-Type $content_type;
proxy_set_header If-Match $http_if_match;
proxy_set_header If-None-Match $http_if_none_match;
proxy_set_header X-Forwarded-For $remote_addr;
proxy_set_header X-Forwarded-Proto https;
proxy_set_header X-Survey-Client-Cert $ssl_client_escaped_cert;
proxy_set_header X-Survey-Target $request_uri;
proxy_set_header X-Survey-Method $request_method;
include <secret>;
"""

PROXY_HEADER = """# Written by `survey provision nginx`: what the pages know nginx by. Mode 600.
proxy_set_header X-Survey-Proxy-Secret "<secret>";
"""
