import type { Plot } from '../plot.js'
import { fear, stage } from './courage.js'
import { different, pet, rescue } from './creatures.js'
import { nightNoise, storm } from './dark.js'
import { baby, bedtime, grandparents } from './family.js'
import { newFriend, quarrel, sickFriend } from './friends.js'
import { promise, surprise } from './giving.js'
import { caterpillar, garden } from './growing.js'
import { baking, greedy, picnic, shopping } from './kitchen.js'
import { skill, teaching } from './learning.js'
import { foundThing, lostThing, lostWay } from './losing.js'
import { building, treasure } from './making.js'
import { brokenToy, mess, truth } from './mending.js'
import { race, snow, stuck } from './playing.js'
import { sharing, stranger, trade } from './sharing.js'
import { boat, wish } from './wonder.js'

/** Every plot there is; each is as likely as any other. */
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
  garden,
  skill,
  teaching,
  caterpillar,
  rescue,
  pet,
  different,
  grandparents,
  baby,
  surprise,
  promise,
  bedtime,
  wish,
  boat,
]
