{{- define "gateway.image" -}}
image: {{ printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) | quote }}
{{- with .Values.imagePullPolicy }}
imagePullPolicy: {{ . }}
{{- end }}
{{- end -}}

{{- define "gateway.security" -}}
allowPrivilegeEscalation: false
capabilities: {drop: [ALL]}
seccompProfile: {type: RuntimeDefault}
runAsNonRoot: true
runAsUser: 1337
runAsGroup: 1337
{{- end -}}

{{/* gateway.listen is APISIX's ports of a mode, with commas between them: (list $ "http"). */}}
{{- define "gateway.listen" -}}
{{- $mode := index . 1 -}}
{{- $ports := list -}}
{{- range (index . 0).Values.service.ports -}}
{{- if eq .mode $mode }}{{ $ports = append $ports (toString .targetPort) }}{{ end -}}
{{- end -}}
{{ $ports | uniq | join "," }}
{{- end -}}

{{/* gateway.prepare writes what APISIX's conf directory holds. */}}
{{- define "gateway.prepare" -}}
name: amesh-config
{{ include "gateway.image" . }}
args:
  - config
  - --init
  - --role=gateway
  - --dir=/etc/apisix
  {{- with include "gateway.listen" (list . "http") }}
  - --listen={{ . }}
  {{- end }}
  {{- with include "gateway.listen" (list . "tcp") }}
  - --tcp-listen={{ . }}
  {{- end }}
  - --workers={{ .Values.apisix.workers }}
  - --error-log-level={{ .Values.apisix.logLevel }}
  - --access-log={{ ternary "on" "off" .Values.apisix.accessLog }}
  {{- range .Values.apisix.customPlugins }}
  - {{ printf "--custom-plugin=%s" . | quote }}
  {{- end }}
  {{- range .Values.apisix.set }}
  - {{ printf "--set=%s" . | quote }}
  {{- end }}
resources:
  {{- toYaml .Values.initResources | nindent 2 }}
securityContext:
  {{- include "gateway.security" . | nindent 2 }}
  readOnlyRootFilesystem: true
volumeMounts:
  - {name: amesh-conf, mountPath: /etc/apisix}
{{- end -}}
