{{- define "tidewaiter.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest -}}
{{ $image.repository }}@{{ $image.digest }}
{{- else -}}
{{ $image.repository }}:{{ $image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- define "tidewaiter.timeoutSeconds" -}}
{{- .Values.timeoutSeconds | default (ternary 10 5 (or .Values.policies.queryRegistries .Values.policies.pin)) -}}
{{- end -}}
