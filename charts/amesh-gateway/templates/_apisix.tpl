{{/* gateway.ready asks APISIX whether each worker has loaded its file. The image has neither curl nor wget. */}}
{{- define "gateway.ready" -}}
exec:
  command:
    - bash
    - -c
    - >-
      exec 3<>/dev/tcp/127.0.0.1/7085 &&
      printf 'GET /status/ready HTTP/1.0\r\n\r\n' >&3 && read -r _ code _ <&3 && [ "$code" = 200 ]
timeoutSeconds: 3
{{- end -}}

{{- define "gateway.apisix" -}}
name: apisix
image: {{ printf "%s:%s" .Values.apisix.image.repository .Values.apisix.image.tag | quote }}
{{- with .Values.imagePullPolicy }}
imagePullPolicy: {{ . }}
{{- end }}
env:
  - {name: APISIX_STAND_ALONE, value: "true"}
ports:
  {{- range .Values.service.ports }}
  - {name: {{ .name }}, containerPort: {{ .targetPort }}, protocol: TCP}
  {{- end }}
resources:
  {{- toYaml .Values.apisix.resources | nindent 2 }}
startupProbe:
  {{- include "gateway.ready" . | nindent 2 }}
  periodSeconds: 1
  failureThreshold: {{ .Values.startup.failureThreshold }}
readinessProbe:
  {{- include "gateway.ready" . | nindent 2 }}
  periodSeconds: 10
lifecycle:
  preStop:
    exec: {command: [sleep, {{ .Values.drainSeconds | quote }}]}
securityContext:
  {{- include "gateway.security" . | nindent 2 }}
  readOnlyRootFilesystem: {{ .Values.apisix.readOnlyRootFilesystem }}
volumeMounts:
  - {name: amesh-conf, mountPath: /usr/local/apisix/conf}
  # What nginx writes below its prefix, which in the image belongs to another user.
  {{- range list "client_body_temp" "fastcgi_temp" "logs" "proxy_temp" "scgi_temp" "uwsgi_temp" }}
  - {name: amesh-run, mountPath: /usr/local/apisix/{{ . }}, subPath: {{ . }}}
  {{- end }}
  - {name: amesh-run, mountPath: /tmp, subPath: tmp}
{{- end -}}
