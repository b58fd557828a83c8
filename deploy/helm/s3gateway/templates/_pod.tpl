{{- /* The pod, which a Deployment and a StatefulSet have alike. */ -}}
{{- define "s3gateway.pod" -}}
metadata:
  labels:
    {{- include "s3gateway.selector" . | nindent 4 }}
    {{- with .Values.podLabels }}{{ toYaml . | nindent 4 }}{{ end }}
  annotations:
    prometheus.io/scrape: "true"
    prometheus.io/port: "30656"
    prometheus.io/path: /-/metrics
    {{- if .Values.tlsSecret }}
    prometheus.io/scheme: https
    {{- end }}
    {{- with .Values.podAnnotations }}{{ toYaml . | nindent 4 }}{{ end }}
spec:
  # It asks nothing of Kubernetes.
  automountServiceAccountToken: false
  # The addresses of all Services as variables: S3GATEWAY_PORT could be one of them.
  enableServiceLinks: false
  {{- with .Values.image.pullSecrets }}
  imagePullSecrets:
    {{- range . }}
    - name: {{ . }}
    {{- end }}
  {{- end }}
  securityContext:
    runAsNonRoot: true # the image's own user
    runAsUser: 65532
    runAsGroup: 65532
    fsGroup: 65532
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile: {type: RuntimeDefault}
  {{- if eq .Values.pfs "pachd" }}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "s3gateway.selector" . | nindent 10 }}
  {{- end }}
  # Five seconds until no new connections come, then requests, their commits, and the last traces.
  terminationGracePeriodSeconds: {{ add 20 (mul 2 (include "s3gateway.shutdownSeconds" . | int)) }}
  containers:
    - name: s3gateway
      image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      env:
        {{- include "s3gateway.env" . | nindent 8 }}
      ports:
        - {name: s3, containerPort: 30655, protocol: TCP}
        - {name: admin, containerPort: 30656, protocol: TCP}
      startupProbe:
        httpGet: {{ include "s3gateway.page" (list . "health") }}
        periodSeconds: 1
        failureThreshold: {{ eq .Values.pfs "pachd" | ternary 30 120 }}
      livenessProbe:
        httpGet: {{ include "s3gateway.page" (list . "health") }}
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 3
      readinessProbe:
        httpGet: {{ include "s3gateway.page" (list . "ready") }}
        periodSeconds: 5
        timeoutSeconds: 5
        failureThreshold: 3
      lifecycle:
        preStop:
          sleep: {seconds: 5}
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: {drop: [ALL]}
      {{- with include "s3gateway.mounts" . | trim }}
      volumeMounts:
        {{- . | nindent 8 }}
      {{- end }}
  {{- with include "s3gateway.volumes" . | trim }}
  volumes:
    {{- . | nindent 4 }}
  {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{- define "s3gateway.page" -}}
{{- $scheme := (index . 0).Values.tlsSecret | empty | ternary "" ", scheme: HTTPS" -}}
{path: /-/{{ index . 1 }}, port: admin{{ $scheme }}}
{{- end -}}

{{- define "s3gateway.env" -}}
- {name: S3GATEWAY_HOST, value: 0.0.0.0}
- {name: S3GATEWAY_PORT, value: "30655"}
- {name: S3GATEWAY_ADMIN_PORT, value: "30656"} # health and metrics, which clients need not reach
{{- if eq .Values.pfs "embedded" }}
- {name: S3GATEWAY_PFS, value: "embedded:/data/pfs"}
{{- else }}
- {name: S3GATEWAY_PFS, value: {{ .Values.pachd.address | quote }}}
- {name: S3GATEWAY_STATE_DIR, value: /state} # what can be read again from pachd
{{- with .Values.pachd.caSecret }}
- {name: S3GATEWAY_PFS_CA_FILE, value: /run/pachd-ca/ca.crt}
{{- end }}
{{- with .Values.pachd.tokenSecret }}
- {name: S3GATEWAY_PFS_TOKEN_FILE, value: /run/secrets/s3gateway/token}
{{- end }}
{{- end }}
{{- if .Values.accessKeysSecret }}
- {name: S3GATEWAY_ACCESS_KEYS, value: /run/access-keys/keys.toml}
{{- end }}
{{- with .Values.tlsSecret }}
- {name: S3GATEWAY_TLS_CERT, value: /run/tls/tls.crt}
- {name: S3GATEWAY_TLS_KEY, value: /run/tls/tls.key}
{{- end }}
{{- range $name, $value := .Values.settings }}
{{- /* What is for pachd would only be told to have no effect. A large number comes as a float. */}}
{{- if not (and (eq $.Values.pfs "embedded") (has $name (list "ack" "exact_times" "history_bytes" "history_wait" "max_unfinished_commits" "sole_writer" "state_dir"))) }}
- {name: S3GATEWAY_{{ $name | upper }}, value: {{ kindIs "float64" $value | ternary ($value | toJson) ($value | toString) | quote }}}
{{- end }}
{{- end }}
{{- end -}}

{{- define "s3gateway.mounts" -}}
{{- if eq .Values.pfs "embedded" }}
- {name: data, mountPath: /data}
{{- else }}
- {name: state, mountPath: /state}
{{- end }}
{{- if gt (int (default 1 .Values.settings.workers)) 1 }}
- {name: tmp, mountPath: /tmp} # where several workers count
{{- end }}
{{- /* The whole folder, no subPath: so a changed Secret becomes a changed file. */}}
{{- range include "s3gateway.secrets" . | fromYamlArray }}
- {name: {{ .name }}, mountPath: {{ .path }}, readOnly: true}
{{- end }}
{{- end -}}

{{- define "s3gateway.volumes" -}}
{{- if eq .Values.pfs "pachd" }}
- name: state
  emptyDir: {sizeLimit: 2Gi} # S3GATEWAY_HISTORY_BYTES, and some
{{- end }}
{{- if gt (int (default 1 .Values.settings.workers)) 1 }}
- name: tmp
  emptyDir: {sizeLimit: 64Mi}
{{- end }}
{{- range include "s3gateway.secrets" . | fromYamlArray }}
- name: {{ .name }}
  secret:
    secretName: {{ .secret }}
    defaultMode: 0440
{{- end }}
{{- end -}}

{{- define "s3gateway.secrets" -}}
{{- if and (eq .Values.pfs "pachd") .Values.pachd.caSecret }}
- {name: pachd-ca, path: /run/pachd-ca, secret: {{ .Values.pachd.caSecret | quote }}}
{{- end }}
{{- if and (eq .Values.pfs "pachd") .Values.pachd.tokenSecret }}
- {name: token, path: /run/secrets/s3gateway, secret: {{ .Values.pachd.tokenSecret | quote }}}
{{- end }}
{{- with .Values.accessKeysSecret }}
- {name: access-keys, path: /run/access-keys, secret: {{ . | quote }}}
{{- end }}
{{- with .Values.tlsSecret }}
- {name: tls, path: /run/tls, secret: {{ . | quote }}}
{{- end }}
{{- end -}}
