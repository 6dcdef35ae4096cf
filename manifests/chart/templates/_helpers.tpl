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

{{- /* A range of addresses, or a failure, by the rule of --api-server-range: no bits after the prefix, and no IPv4 as IPv6. */ -}}
{{- define "tidewaiter.apiServerRange" -}}
{{- $address := regexReplaceAll "/.*$" . "" | lower -}}
{{- $length := regexReplaceAll "^.*/" . "" | int -}}
{{- $digits := include "tidewaiter.addressDigits" $address -}}
{{- $mixed := index (list "" "[08]" "[048c]" "[02468ace]") (mod $length 4 | int) -}}
{{- $isRange := and $digits (le $length (mul 4 (len $digits) | int)) (not (hasPrefix "00000000000000000000ffff" $digits)) -}}
{{- if $isRange -}}
{{- $isRange = regexMatch (printf "^[0-9a-f]{%d}%s0*$" (div $length 4) $mixed) $digits -}}
{{- end -}}
{{- if not $isRange -}}
{{- fail (printf "apiServerRanges: invalid value %q (expected the first address and the length of a range, for example 10.0.0.0/24)" .) -}}
{{- end -}}
{{- . -}}
{{- end -}}

{{- /* The hexadecimal digits of an address, 8 or 32; empty if it is not an address. */ -}}
{{- define "tidewaiter.addressDigits" -}}
{{- $text := . -}}
{{- $octet := "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])" -}}
{{- $ipv4 := regexFind (printf "%s(\\.%s){3}$" $octet $octet) $text -}}
{{- if and $ipv4 (or (eq $ipv4 $text) (hasSuffix (printf ":%s" $ipv4) $text)) -}}
{{- $octets := splitList "." $ipv4 -}}
{{- $hex := list -}}
{{- range $octets }}{{ $hex = append $hex (printf "%02x" (int .)) }}{{ end -}}
{{- if eq $ipv4 $text -}}
{{- join "" $hex -}}
{{- else -}}
{{- $text = printf "%s%s%s:%s%s" (trimSuffix $ipv4 $text) (index $hex 0) (index $hex 1) (index $hex 2) (index $hex 3) -}}
{{- end -}}
{{- end -}}
{{- $halves := splitList "::" $text -}}
{{- $known := len (without (splitList ":" $text) "") -}}
{{- $isWhole := and (eq (len $halves) 1) (eq $known 8) -}}
{{- $isShort := and (eq (len $halves) 2) (lt $known 8) -}}
{{- if and (contains ":" $text) (or $isWhole $isShort) (regexMatch "^([0-9a-f]{1,4}(:[0-9a-f]{1,4})*)?(::([0-9a-f]{1,4}(:[0-9a-f]{1,4})*)?)?$" $text) -}}
{{- range $index, $half := $halves -}}
{{- if $index }}{{ repeat (int (sub 8 $known)) "0000" }}{{ end -}}
{{- range without (splitList ":" $half) "" }}{{ printf "%s%s" (repeat (int (sub 4 (len .))) "0") . }}{{ end -}}
{{- end -}}
{{- end -}}
{{- end -}}
