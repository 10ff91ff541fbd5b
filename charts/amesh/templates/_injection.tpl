{{/*
amesh.defaults is what pods get, as JSON that can stand between backquotes: istiod reads it when it injects.
*/}}
{{- define "amesh.defaults" -}}
{{- $image := printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) -}}
{{- $apisix := printf "%s:%s" .Values.apisix.image.repository .Values.apisix.image.tag -}}
{{- $values := omit .Values "global" "image" -}}
{{- merge (dict "image" $image "apisix" (merge (dict "image" $apisix) (omit .Values.apisix "image")))
      (omit $values "apisix") | toJson | replace "`" "\\u0060" -}}
{{- end -}}

{{/*
amesh.istiodValues is values for the chart of istiod: the template files/injection.yaml, with the defaults in a variable.
*/}}
{{- define "amesh.istiodValues" -}}
# Values for Istio's chart istiod: pods with the annotation inject.istio.io/templates: amesh get APISIX as their sidecar.
# Made of the chart amesh's files/injection.yaml and its values. Do not edit: change those.
sidecarInjectorWebhook:
  templates:
    amesh: |
      {{ "{{-" }} $amesh := fromJSON `{{ include "amesh.defaults" . }}` {{ "}}" }}
{{ .Files.Get "files/injection.yaml" | trim | indent 6 }}
{{ end -}}
