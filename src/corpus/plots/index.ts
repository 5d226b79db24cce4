import type { Plot } from '../plot.js'
import { fear, nightNoise, stage, storm } from './courage.js'
import { newFriend, quarrel, sickFriend } from './friends.js'
import { baking, greedy, picnic, shopping } from './kitchen.js'
import { foundThing, lostThing, lostWay } from './losing.js'
import { brokenToy, mess, truth } from './mending.js'
import { building, race, snow, stuck, treasure } from './playing.js'
import { sharing, stranger, trade } from './sharing.js'

export const PLOTS: readonly Plot[] = [
  lostThing,
  lostWay,
  foundThing,
  sharing,
  trade,
  stranger,
  newFriend,
  sickFriend,
  quarrel,
  fear,
  nightNoise,
  storm,
  stage,
  brokenToy,
  truth,
  mess,
  race,
  stuck,
  snow,
  building,
  treasure,
  baking,
  picnic,
  greedy,
  shopping,
]
