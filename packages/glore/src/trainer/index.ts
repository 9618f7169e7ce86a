/** Training and serving by commands of the recipe. */
export { filled, type Places, placesIn, wordsOf } from './command.js';
export { endLeft } from './left.js';
export { type Offer, Servers, type Waiter } from './servers.js';
export { isMade, train } from './train.js';
