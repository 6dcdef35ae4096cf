/**
 * A rule is code that checks one thing. It is a pure function of one object, its parameters and the facts it named, so it
 * can neither block nor fail for reasons of the network.
 */
import type { Container, Pod } from '../pod/containers.ts';
import type { Workload } from '../pod/workload.ts';
import type { Facts, Need } from './fact.ts';
import type { RegistryAnswers } from './registry-answers.ts';
import { type FromSchema, type ParameterSchema, withDefaults } from './parameters.ts';
import type { Circumstances } from './scope-request.ts';

export type { ParameterSchema } from './parameters.ts';

/** What a rule checks. */
export interface Subject<N extends Need = never> {
  readonly operation: 'CREATE' | 'UPDATE';
  /** `undefined` for cluster-scoped objects. */
  readonly namespace: string | undefined;
  readonly workload: Workload;
  readonly pods: readonly Pod[];
  /** The containers that the policy's scope leaves in, image volumes and images outside of pods included. */
  readonly containers: readonly Container[];
  readonly request: Circumstances;
  readonly facts: Pick<Facts, N>;
}

/**
 * `author`: whoever writes the object, alone: else the author would choose what cannot be told, and get past the rule.
 * `later`: the object is not what runs; tidewaiter evaluates its Pods when they are created. `world`: registries, the cluster, the
 * configuration, or other people's objects.
 */
export const CAUSERS = ['author', 'later', 'world'] as const;
export type Causer = (typeof CAUSERS)[number];

export interface Problem {
  /** `unknown`: the question could not be answered. */
  readonly state: 'violation' | 'unknown';
  readonly container: Container | undefined;
  /** Where the value stands that would have to change, from the root of the object. */
  readonly pointer: string;
  /** One sentence without full stop: what is wrong, with the value in quotes. */
  readonly message: string;
  /** What would be accepted. */
  readonly remedy?: string;
  /** Of an unknown: who can bring it about. Without it: the author of the object, if the rule needs no facts, else the world. */
  readonly causedBy?: Causer | undefined;
  /** The image string could not be read at all; told once for a container, however many rules stumble over it. */
  readonly unreadable?: true;
  /** Never more than a warning, whatever the policy's action: what the API server takes, and what works. */
  readonly harmless?: true;
  /** Of an amount: on UPDATE, one that is no further beyond the same bound than before is forgiven. */
  readonly beyond?: Beyond | undefined;
}

export interface Beyond {
  /** Which bound, unique within the rule and the container. */
  readonly bound: string;
  readonly by: bigint;
}

/** A parameter that fits the schema and still makes no sense; `pointer` is relative to the parameters. */
export interface ParameterFault {
  readonly pointer: string;
  readonly problem: string;
}

export type Prepared<C> =
  | { readonly ok: true; readonly value: C }
  | { readonly ok: false; readonly faults: readonly ParameterFault[] };

/** What `explain rule` and the documentation say of a rule. */
export interface RuleDocs {
  /** Why anybody would want it: what goes wrong without it. Whole sentences. */
  readonly why: string;
  /** What to do about a finding. Whole sentences. */
  readonly remedy: string;
  /** Manifests (YAML, as `check` reads them) that pass and fail with these parameters. */
  readonly example: {
    readonly parameters: object;
    readonly pass: string;
    readonly fail: string;
    /** What the registry says, as the `registry` of a test suite has it. */
    readonly registry?: RegistryAnswers | undefined;
  };
}

/** `P` is what `check` gets: the parameters, or what `prepare` makes of them. */
export interface RuleDefinition<N extends Need, S extends ParameterSchema, P> {
  /** kebab-case, unique. */
  readonly name: string;
  /** One line: what it requires of an object. */
  readonly description: string;
  /** Every built-in rule has them. */
  readonly docs?: RuleDocs | undefined;
  readonly parameters: S;
  /** The facts that `check` reads. */
  readonly needs: readonly N[];
  /** Its result depends on the image alone, so an image that passed is not checked again. */
  readonly imagesOnly?: true;
  /** Once per policy, at load: compiles patterns and finds faults that a schema cannot. */
  prepare?(parameters: FromSchema<S>): Prepared<P>;
  /** Which of `needs` these parameters require; by default all of them. */
  needsOf?(parameters: NoInfer<P>): readonly N[];
  /** The containers whose images the rule looks up; by default all of `subject.containers`. Each container costs one lookup. */
  asksAbout?(subject: Pick<Subject, 'workload' | 'pods' | 'containers'>, parameters: NoInfer<P>): readonly Container[];
  /**
   * What it looked at for a problem, for a rule whose sentences need not tell it: what the old object had is forgiven only where
   * that is the same. What many problems of an object share must be one value, made once: it is kept for each of them.
   * `undefined`: the sentence of this one tells it, unless it is cut.
   */
  seen?(problem: Problem, workload: Workload, parameters: NoInfer<P>): readonly unknown[] | undefined;
  /** Parameters that others refer to: where one cannot be read, nothing can be said of the others. */
  readonly referredTo?: readonly string[];
  /** Loads what is too heavy to be loaded for those who do not use the rule; awaited before `prepare`. */
  ready?(): Promise<void>;
  check(subject: Subject<N>, parameters: NoInfer<P>): readonly Problem[];
}

/** A rule bound to parameters. */
export interface Check {
  readonly needs: readonly Need[];
  readonly imagesOnly?: boolean | undefined;
  run(subject: Subject<Need>): readonly Problem[];
  /** See RuleDefinition. */
  readonly asksAbout?:
    | ((subject: Pick<Subject, 'workload' | 'pods' | 'containers'>) => readonly Container[])
    | undefined;
  /** See RuleDefinition. */
  readonly seen?: ((problem: Problem, workload: Workload) => readonly unknown[] | undefined) | undefined;
  /** What `run` must be called through, where there is one. */
  readonly guard?: Guard | undefined;
}

export interface Rule {
  readonly name: string;
  readonly description: string;
  readonly docs: RuleDocs | undefined;
  readonly parameters: ParameterSchema;
  readonly needs: readonly Need[];
  /** Whether some parameters require fewer of them. */
  readonly needsVary: boolean;
  readonly referredTo: readonly string[];
  /** Must be awaited before `bind` when it is there. */
  readonly ready: (() => Promise<void>) | undefined;
  /** As its author wrote it, for a look at code that the compiler has not seen. */
  readonly definition?: object;
  /** `parameters` must have passed the schema. */
  bind(parameters: unknown): Prepared<Check>;
}

/** All questions about one object at once, since to begin costs more than a rule. Throws nothing but a ShapeError. */
export type Guard = (questions: readonly GuardedCheck[]) => readonly CheckResult[];

export interface GuardedCheck {
  readonly rule: string;
  readonly check: Check;
  readonly subject: Subject<Need>;
}

/** Both can be there: what a rule found before it failed still counts. */
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

/** Gives a rule its types: `check` sees only the facts that `needs` lists, and parameters as their schema has them. */
export function defineRule<const N extends Need, const S extends ParameterSchema, P = FromSchema<S>>(
  definition: RuleDefinition<N, S, P>,
): Rule {
  const { name, description, docs, parameters, needs, imagesOnly = false } = definition;
  return {
    name,
    description,
    docs,
    parameters,
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
      const asked = definition.needsOf?.(value) ?? needs;
      const check: Check = {
        needs: asked,
        // What the world says of an image is not the same for all who use it, nor for long.
        imagesOnly: imagesOnly && asked.length === 0,
        seen: definition.seen && ((problem, workload) => definition.seen?.(problem, workload, value)),
        run: (subject) => definition.check(subject, value),
        asksAbout: definition.asksAbout && ((subject) => definition.asksAbout?.(subject, value) ?? subject.containers),
      };
      return { ok: true, value: check };
    },
  };
}
