/**
 * A rule is code that checks one property. It is a pure function of one object, its parameters, and the facts in `needs`, so it
 * cannot block or fail because of the network.
 */
import type { Reads } from '../cel/read-places.ts';
import type { Container, Pod } from '../pod/containers.ts';
import type { Workload } from '../pod/workload.ts';
import type { Facts, Need } from './fact.ts';
import type { RegistryResponses } from './registry-responses.ts';
import { type FromSchema, type ParameterSchema, withDefaults } from './parameters.ts';
import { type SchemaCheck, schemaCheck } from './schema-faults.ts';
import type { RequestDetails } from './scope-request.ts';

export type { ParameterSchema } from './parameters.ts';

/** The input of a rule. */
export interface Subject<N extends Need = never> {
  readonly operation: 'CREATE' | 'UPDATE';
  /** `undefined` for cluster-scoped objects. */
  readonly namespace: string | undefined;
  readonly workload: Workload;
  readonly pods: readonly Pod[];
  /** The containers in the policy's scope, including image volumes and images outside of Pods. */
  readonly containers: readonly Container[];
  readonly request: RequestDetails;
  readonly facts: Pick<Facts, N>;
}

/**
 * `author`: only the author of the object, who could otherwise avoid the rule by causing an unknown result, or others who use the
 * share of its namespace.
 * `later`: the object is not what runs; tidewaiter evaluates its Pods when they are created. `world`: registries, the cluster, the
 * configuration, or other people's objects.
 */
export const CAUSERS = ['author', 'later', 'world'] as const;
export type Causer = (typeof CAUSERS)[number];

export interface Problem {
  /** `unknown`: the rule cannot determine whether there is a violation. */
  readonly state: 'violation' | 'unknown';
  readonly container: Container | undefined;
  /** JSON Pointer of the value to change, from the root of the object. */
  readonly pointer: string;
  /** One sentence without full stop: the problem, with the value in quotes. */
  readonly message: string;
  /** How to fix it. */
  readonly remedy?: string;
  /** The cause of an unknown result. By default `author` if the rule needs no facts, otherwise `world`. */
  readonly causedBy?: Causer | undefined;
  /** The image string is invalid. Reported once for each container, even if several rules find it. */
  readonly unreadable?: true;
  /** A warning at most, whatever the policy's action, because the object works. */
  readonly harmless?: true;
  /** For amounts: on UPDATE, a finding that is not further beyond the bound than before is an existing finding. */
  readonly beyond?: Beyond | undefined;
}

export interface Beyond {
  /** Which bound, unique within the rule and the container. */
  readonly bound: string;
  readonly by: bigint;
}

/** An invalid parameter that the schema accepts. `pointer` is relative to the parameters. */
export interface ParameterFault {
  readonly pointer: string;
  readonly problem: string;
}

export type Prepared<C> =
  | { readonly ok: true; readonly value: C }
  | { readonly ok: false; readonly faults: readonly ParameterFault[] };

/** Shown by `explain rule` and in docs/rules.md. */
export interface RuleDocs {
  /** Why to use the rule: what goes wrong without it. Full sentences. */
  readonly why: string;
  /** How to fix a finding. Full sentences. */
  readonly remedy: string;
  /** Manifests (YAML, as `check` reads them) that pass and fail with these parameters. */
  readonly example: {
    readonly parameters: object;
    /** `rewrite` of a policy. */
    readonly rewrite?: readonly { readonly from: string; readonly to: string }[] | undefined;
    readonly pass: string;
    readonly fail: string;
    /** Registry responses, as in the `registry` of a test suite. */
    readonly registry?: RegistryResponses | undefined;
  };
}

/** `P`: the type of the parameters that `check` receives, as they are or as `prepare` returns them. */
export interface RuleDefinition<N extends Need, S extends ParameterSchema, P> {
  /** Unique, in kebab-case. */
  readonly name: string;
  /** One line: what the rule requires. */
  readonly description: string;
  /** Required for built-in rules. */
  readonly docs?: RuleDocs | undefined;
  readonly parameters: S;
  /** The facts that `check` reads. */
  readonly needs: readonly N[];
  /** Its result depends on the image alone, so an image that passed is not checked again. */
  readonly imagesOnly?: true;
  /** It also applies to Compose files, whose services can have pull policies and published ports. */
  readonly composeFiles?: true;
  /** Once per policy, at load: compiles patterns and finds faults that a schema cannot. */
  prepare?(parameters: FromSchema<S>): Prepared<P>;
  /** Which of `needs` these parameters require; by default all of them. */
  needsOf?(parameters: NoInfer<P>): readonly N[];
  /** The containers whose images the rule looks up; by default all of `subject.containers`. Each container costs one lookup. */
  asksAbout?(subject: Pick<Subject, 'workload' | 'pods' | 'containers'>, parameters: NoInfer<P>): readonly Container[];
  /**
   * Returns the values that the rule read for a problem, if its messages do not contain them: a finding is an existing finding only
   * if they are equal. Problems that share a value must return the same object. `undefined`: the message contains the values.
   */
  seen?(problem: Problem, workload: Workload, parameters: NoInfer<P>): readonly unknown[] | undefined;
  /** Returns what an expression in the parameters reads; for notices about recordings. */
  reads?(parameters: NoInfer<P>): Reads;
  /** Parameters that other parameters refer to: if one of them is invalid, the others are not checked. */
  readonly referredTo?: readonly string[];
  /** Loads code that only this rule uses. Awaited before `prepare`. */
  ready?(): Promise<void>;
  check(subject: Subject<N>, parameters: NoInfer<P>): readonly Problem[];
}

/** A rule bound to parameters. */
export interface Check {
  readonly needs: readonly Need[];
  readonly imagesOnly?: boolean | undefined;
  /** See RuleDefinition. */
  readonly composeFiles?: boolean | undefined;
  run(subject: Subject<Need>): readonly Problem[];
  /** See RuleDefinition. */
  readonly asksAbout?:
    | ((subject: Pick<Subject, 'workload' | 'pods' | 'containers'>) => readonly Container[])
    | undefined;
  /** See RuleDefinition. */
  readonly seen?: ((problem: Problem, workload: Workload) => readonly unknown[] | undefined) | undefined;
  /** See RuleDefinition. */
  readonly reads?: Reads | undefined;
  /** Calls `run`; `undefined`: it can be called directly. */
  readonly guard?: Guard | undefined;
}

export interface Rule {
  readonly name: string;
  readonly description: string;
  readonly docs: RuleDocs | undefined;
  readonly parameters: ParameterSchema;
  /** By the schema. */
  readonly checkParameters: SchemaCheck;
  readonly needs: readonly Need[];
  /** True if some parameters require fewer facts. */
  readonly needsVary: boolean;
  readonly referredTo: readonly string[];
  /** Must be awaited before `bind`. */
  readonly ready: (() => Promise<void>) | undefined;
  /** The argument of `defineRule`, so that plugins can be checked when they load. */
  readonly definition?: object;
  /** `parameters` must have passed the schema. */
  bind(parameters: unknown): Prepared<Check>;
}

/** Runs all checks of one object in one call, because starting costs more than a rule. Throws only ShapeErrors. */
export type Guard = (checks: readonly GuardedCheck[]) => readonly CheckResult[];

export interface GuardedCheck {
  readonly rule: string;
  readonly check: Check;
  readonly subject: Subject<Need>;
}

/** Problems that a rule found before it failed still count. */
export interface CheckResult {
  readonly problems: readonly Problem[];
  readonly failure: RuleFailure | undefined;
}

export interface RuleFailure {
  readonly reason: 'threw' | 'bad-answer' | 'timeout' | 'suspended';
  /** A sentence fragment about the rule, safe to print: `the rule did not return within 1000 ms`. */
  readonly problem: string;
  /** The file that the rule is from; undefined for a built-in rule. */
  readonly file: string | undefined;
}

/** Types a rule: `check` receives only the facts in `needs`, and parameters typed by their schema. */
export function defineRule<const N extends Need, const S extends ParameterSchema, P = FromSchema<S>>(
  definition: RuleDefinition<N, S, P>,
): Rule {
  const { name, description, docs, parameters, needs, imagesOnly = false } = definition;
  return {
    name,
    description,
    docs,
    parameters,
    checkParameters: schemaCheck(parameters),
    needs,
    needsVary: definition.needsOf !== undefined,
    referredTo: definition.referredTo ?? [],
    ready: definition.ready?.bind(definition),
    definition,
    bind(values) {
      const complete = withDefaults(parameters, values) as FromSchema<S>;
      // Without prepare, P is the type of the parameters.
      const prepared = definition.prepare ? definition.prepare(complete) : { ok: true as const, value: complete as P };
      if (!prepared.ok) return prepared;
      const { value } = prepared;
      const needed = definition.needsOf?.(value) ?? needs;
      const check: Check = {
        needs: needed,
        // Facts about an image depend on the credentials and change over time.
        imagesOnly: imagesOnly && needed.length === 0,
        composeFiles: definition.composeFiles,
        seen: definition.seen && ((problem, workload) => definition.seen?.(problem, workload, value)),
        reads: definition.reads?.(value),
        run: (subject) => definition.check(subject, value),
        asksAbout: definition.asksAbout && ((subject) => definition.asksAbout?.(subject, value) ?? subject.containers),
      };
      return { ok: true, value: check };
    },
  };
}
