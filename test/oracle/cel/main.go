// What the API server makes of CEL expressions: with the environment of its admission
// policies, the variable "object", and cel-go's math functions, which the API server has not turned on.
package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"github.com/google/cel-go/ext"
	"k8s.io/apimachinery/pkg/api/resource"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/version"
	apiservercel "k8s.io/apiserver/pkg/cel"
	"k8s.io/apiserver/pkg/cel/environment"
	"tidewaiter.dev/test/oracle/jsonlines"
)

type question struct {
	Expression string          `json:"expression"`
	Object     json.RawMessage `json:"object"`
}
type answer struct {
	Outcome string `json:"outcome"`
	Type    string `json:"type,omitempty"`
	Value   string `json:"value,omitempty"`
	Error   string `json:"error,omitempty"`
}

// show writes a value as test/policy/cel/asking.ts does.
func show(v ref.Val) string {
	switch t := v.(type) {
	case types.Bool:
		return strconv.FormatBool(bool(t))
	case types.Int:
		return strconv.FormatInt(int64(t), 10)
	case types.Uint:
		return strconv.FormatUint(uint64(t), 10) + "u"
	case types.Double:
		s := strconv.FormatFloat(float64(t), 'g', -1, 64)
		return "double(" + s + ")"
	case types.String:
		b, _ := json.Marshal(string(t))
		return strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(b))
	case types.Bytes:
		return "bytes(" + base64.StdEncoding.EncodeToString([]byte(t)) + ")"
	case types.Null:
		return "null"
	case types.Timestamp:
		return "timestamp(" + t.Time.UTC().Format(time.RFC3339Nano) + ")"
	case types.Duration:
		return "duration(" + strconv.FormatInt(int64(t.Duration), 10) + "ns)"
	case *types.Type:
		return "type(" + t.TypeName() + ")"
	case *types.Optional:
		if !t.HasValue() {
			return "none"
		}
		return "some(" + show(t.GetValue()) + ")"
	case apiservercel.Quantity:
		return showQuantity(t.Quantity)
	case *apiservercel.Quantity:
		return showQuantity(t.Quantity)
	case apiservercel.Semver:
		return "semver(" + t.Version.String() + ")"
	case apiservercel.IP:
		return "ip(" + t.Addr.String() + ")"
	case apiservercel.CIDR:
		return "cidr(" + t.Prefix.String() + ")"
	case apiservercel.Format:
		return "format(" + strings.ToLower(t.Name) + ")"
	case apiservercel.URL:
		return "url(" + t.URL.String() + ")"
	}
	if l, ok := v.(traits.Lister); ok {
		var parts []string
		for it := l.Iterator(); it.HasNext() == types.True; {
			parts = append(parts, show(it.Next()))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	if m, ok := v.(traits.Mapper); ok {
		var parts []string
		for it := m.Iterator(); it.HasNext() == types.True; {
			k := it.Next()
			parts = append(parts, show(k)+": "+show(m.Get(k)))
		}
		sort.Strings(parts)
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return fmt.Sprintf("?%T", v)
}

func showQuantity(q *resource.Quantity) string {
	digits := q.AsDec().String()
	if strings.Contains(digits, ".") {
		digits = strings.TrimRight(strings.TrimRight(digits, "0"), ".")
	}
	return "quantity(" + digits + ")"
}

func main() {
	base := environment.MustBaseEnvSet(version.MajorMinor(1, 37))
	set, err := base.Extend(environment.VersionedOptions{
		IntroducedVersion: version.MajorMinor(1, 0),
		EnvOptions:        []cel.EnvOption{cel.Variable("object", cel.DynType), ext.Math()},
	})
	if err != nil {
		panic(err)
	}
	env := set.NewExpressionsEnv()
	jsonlines.Serve(func(q question) (answer, error) { return ask(env, q), nil })
}

func ask(env *cel.Env, q question) (a answer) {
	defer func() {
		if r := recover(); r != nil {
			a = answer{Outcome: "error", Error: fmt.Sprint("panic: ", r)}
		}
	}()
	ast, iss := env.Compile(q.Expression)
	if iss.Err() != nil {
		return answer{Outcome: "compile", Error: iss.Err().Error()}
	}
	prog, err := env.Program(ast, cel.EvalOptions(cel.OptOptimize, cel.OptTrackCost))
	if err != nil {
		return answer{Outcome: "compile", Error: err.Error()}
	}
	var object interface{}
	if len(q.Object) > 0 {
		if err := utiljson.Unmarshal(q.Object, &object); err != nil {
			panic(err)
		}
	}
	v, _, err := prog.Eval(map[string]interface{}{"object": object})
	if err != nil {
		return answer{Outcome: "error", Type: ast.OutputType().String(), Error: err.Error()}
	}
	return answer{Outcome: "value", Type: ast.OutputType().String(), Value: show(v)}
}
