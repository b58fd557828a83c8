{{- define "s3gateway.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "s3gateway.selector" -}}
app.kubernetes.io/name: s3gateway
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "s3gateway.labels" -}}
{{ include "s3gateway.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "s3gateway.shutdownSeconds" -}}
{{- (hasKey .Values.settings "shutdown_seconds") | ternary .Values.settings.shutdown_seconds 20 | int -}}
{{- end -}}
