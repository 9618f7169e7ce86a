/** What is served, and how. */
import type { Playground, RunView } from '../../view/index.js';
import type { Route } from '../protocol/index.js';
import type { HandlingOptions } from './handle.js';

/** What a server answers with. */
export interface Service {
  /** Whether it will answer no more. */
  failed(): boolean;
  /** As `/v1/models` lists them. */
  models(): Promise<readonly { readonly id: string }[]>;
  readonly routes: readonly Route[];
  /** What answers everything else below `/v1`. */
  readonly others?: Route;
  /** What the pages at `/` show; without it there are none. */
  readonly pages?: Shown;
  close(): Promise<void>;
}

/** What there is to see in the pages. */
export interface Shown {
  readonly playground?: Playground;
  readonly runs: readonly RunView[];
}

export interface ServerOptions extends HandlingOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Asked for as a bearer token where there is one; needed unless the host is this machine alone. */
  readonly key?: string | undefined;
  /** Origins of pages in browsers that may ask. */
  readonly cors: readonly string[];
  /** Requests worked on at once; one with a large answer counts as several. */
  readonly parallel: number;
  /** Requests that wait for their turn; more are sent away. */
  readonly queue: number;
}
