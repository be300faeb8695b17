"""The people's pages at nginx, under a name of their own: no client certificate, no identity from outside.

Their log keeps the first part of a path alone, since one-time links hold their secret in the rest.
"""

PAGES = r"""
map $uri $survey_page {
    "~^(/[a-z_-]*)" $1;
    default -;
}
log_format survey_pages escape=json '{"at":"$time_iso8601","peer":"$remote_addr","method":"$request_method",'
    '"page":"$survey_page","status":"$status","bytes":"$body_bytes_sent","seconds":"$request_time"}';

server {
    listen <listen> ssl;
    server_name <pages_name>;
    server_tokens off;
    access_log <log> survey_pages;

    ssl_certificate <pages_certificate>;
    ssl_certificate_key <pages_key>;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_tickets off;

    underscores_in_headers off;
    client_max_body_size 128k;
    client_header_timeout 15s;
    client_body_timeout 15s;
    send_timeout 60s;
    limit_conn survey_connections 32;
    limit_req zone=survey_requests burst=300 nodelay;

    proxy_http_version 1.1;
    proxy_read_timeout 600s;
    proxy_max_temp_file_size 0;
    proxy_set_header Host $host;
    proxy_set_header Connection "";
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto https;
    proxy_set_header X-Survey-Client-Cert "";
    proxy_set_header X-Survey-Proxy-Secret "";
    proxy_set_header X-Survey-Target "";
    proxy_set_header X-Survey-Method "";

    location /_gateway/ { return 404; }
    location = /households/import {
        client_max_body_size 2200k;  # a table of households, which the pages limit to 2 MB
        proxy_pass http://survey_pages;
    }
    location / { proxy_pass http://survey_pages; }
}
"""
