/** Any server behind this one: problems are refined, and all else is passed through as it is. */
export { type HostUpstreamOptions, hostUpstream } from './host.js';
