{{- define "gateway.agent" -}}
{{- $status := printf "http://127.0.0.1:%s" (.Values.agent.statusAddress | splitList ":" | last) -}}
name: amesh-agent
{{ include "gateway.image" . }}
restartPolicy: Always
args:
  - agent
  - {{ printf "--xds=%s" .Values.xds.address | quote }}
  - --output=/etc/apisix/apisix.yaml
  - --role=gateway
  - --domain={{ .Values.xds.domain }}
  - --status-addr={{ .Values.agent.statusAddress }}
  - --log-level={{ .Values.agent.logLevel }}
  - --log-format={{ .Values.agent.logFormat }}
  {{- if .Values.pluginConfigMap }}
  - --plugin-config=/etc/amesh/plugins
  {{- end }}
  {{- range .Values.apisix.customPlugins }}
  - {{ printf "--custom-plugin=%s" . | quote }}
  {{- end }}
  {{- range .Values.agent.extraArgs }}
  - {{ . | quote }}
  {{- end }}
env:
  - {name: POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
  - {name: POD_NAMESPACE, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}}
  - {name: INSTANCE_IP, valueFrom: {fieldRef: {fieldPath: status.podIPs}}}
  - {name: SERVICE_ACCOUNT, valueFrom: {fieldRef: {fieldPath: spec.serviceAccountName}}}
  - {name: ISTIO_META_NODE_NAME, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
  - {name: ISTIO_META_CLUSTER_ID, value: {{ .Values.xds.clusterID | quote }}}
  - {name: ISTIO_META_MESH_ID, value: {{ .Values.xds.meshID | quote }}}
  {{- with .Values.xds.network }}
  - {name: ISTIO_META_NETWORK, value: {{ . | quote }}}
  {{- end }}
  - {name: ISTIO_META_WORKLOAD_NAME, value: {{ include "gateway.name" . | quote }}}
  - {name: ISTIO_META_OWNER, value: kubernetes://apis/apps/v1/namespaces/{{ .Release.Namespace }}/deployments/{{ include "gateway.name" . }}}
  - {name: GOMAXPROCS, valueFrom: {resourceFieldRef: {resource: limits.cpu, divisor: "1"}}}
resources:
  {{- toYaml .Values.agent.resources | nindent 2 }}
startupProbe:
  exec: {command: [amesh-render, probe, {{ $status }}/readyz]}
  periodSeconds: 1
  timeoutSeconds: 3
  failureThreshold: {{ .Values.startup.failureThreshold }}
# No readiness: while the agent or the control plane is away, APISIX serves on with the file that it has.
livenessProbe:
  exec: {command: [amesh-render, probe, {{ $status }}/healthz]}
  periodSeconds: 20
  timeoutSeconds: 3
securityContext:
  {{- include "gateway.security" . | nindent 2 }}
  readOnlyRootFilesystem: true
volumeMounts:
  - {name: amesh-conf, mountPath: /etc/apisix}
  - {name: istio-podinfo, mountPath: /etc/istio/pod, readOnly: true}
  - {name: istio-token, mountPath: /var/run/secrets/tokens, readOnly: true}
  - {name: istiod-ca-cert, mountPath: /var/run/secrets/istio, readOnly: true}
  {{- if .Values.pluginConfigMap }}
  - {name: amesh-plugins, mountPath: /etc/amesh/plugins, readOnly: true}
  {{- end }}
{{- end -}}
