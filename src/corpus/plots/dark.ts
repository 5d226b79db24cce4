import { maybe, type Plot } from '../plot.js'

export const nightNoise: Plot = {
  name: 'night-noise',
  time: 'night',
  hero: 'child',
  cast: { helper: 'parent|older|grand|parent' },
  rows: {
    noise: [
      'a tap at the window / Tap, tap, tap / a branch that the wind moved against the glass / a hand with long fingers',
      'a soft scratching / Scratch, scratch / a mouse with a piece of cheese / a monster under the bed',
      'a long howl / Hooo, hooo / an owl in the old tree / a ghost',
      'heavy steps / Thump, thump / Dad, who was looking for a glass of water / a giant',
      'a strange cry / Meow, meow / the cat that wanted to come in / a crying ghost',
      'a loud bang / Bang, bang / a door that was not shut / a thief',
      'a drip in the dark / Drip, drip / the tap in the bathroom / a wet monster',
      'a rumbling sound / Grrr, grrr / Grandpa, who was snoring / a hungry bear',
      'a creak on the stairs / Creak, creak / the old wood of the stairs / somebody with big boots',
      'a rustle in the corner / Rustle, rustle / a hedgehog that had come in through the garden door / a snake',
      'a rattle on the roof / Rattle, rattle / a nut that had fallen from the tree / a dragon with claws',
      'a whisper by the wall / Shhh, shhh / the curtain that moved in the wind / a ghost',
      'a soft bump / Bump, bump / the dog that wagged its tail against the door / a robber',
    ],
  },
  want: 'noise',
  beats: [
    `- One night, [hero] lay in bed and could not sleep. The moon was shining through the window.
     - One night, when all the lamps were out, [hero] woke up.
     - It was late, and the house was quiet. [Hero] was in bed under a warm blanket.
     - One dark night, [hero] was almost asleep. Everything was still.
     - One night, [hero] said good night and closed [hero.his] eyes. But something was different that night.`,
    `- $atonce, there was [noise]. "[Noise.b]!"
     - "[Noise.b]!" What was that? [Hero] sat up. It was [noise].
     - Then [hero] heard [noise]. "[Noise.b]," it went in the dark.
     - "[Noise.b]," it went. [Hero] held [hero.his] breath. There was [noise] again!
     - What was that? There was [noise]. "[Noise.b]!" And again: "[Noise.b]!"`,
    `- "Is it [noise.d]?" thought [hero] and pulled the blanket over [hero.his] head.
     - [Hero.His] $heart. "It must be [noise.d]," [hero.he] whispered.
     - [Hero] was sure that it was [noise.d]. [Hero.He] did not dare to move.
     - "Maybe it is [noise.d]!" [hero] thought. [Hero.He] held [hero.his] pillow tight.`,
    `- [Hero] called, "[helper.name], please come!" [Helper] came with a lamp in [helper.own] hand.
     - On tiptoe, [hero] went to [helper]. "I heard something," [hero.he] whispered. "Let us look together,"
       said [helper].
     - "Help!" cried [hero]. The door opened, and there stood [helper]. "What is the matter?" asked [helper].
     - [Hero] was brave. [Hero.He] got up and went to wake [helper]. "There is [noise.d] in our house!"
     - [Helper] heard [hero] and came in. "There is nothing to be afraid of," said [helper]. "But let us find
       out what it is."`,
    maybe(
      0.6,
      `- Hand in hand, they went through the dark house. "[Noise.b]!" There it was again.
     - They listened. "[Noise.b]," it went.
     - They looked under the bed. Nothing. They looked in the closet. Nothing.
     - Step by step, they came closer to the sound.
     - [Helper] turned on the light, and [hero] looked around the corner.`,
    ),
    `- And what did they see? It was only [noise.c]!
     - Then [hero] had to laugh. It was just [noise.c]!
     - "Look," said [helper]. It was not [noise.d] at all. It was [noise.c].
     - There was no danger. There was only [noise.c].
     - At last they found it. It was [noise.c]!`,
    `- "Is that all?" laughed [hero]. [Helper] laughed, too.
     - "And I thought it was [noise.d]!" said [hero]. They both laughed.
     - [Hero] felt much better. "How funny!" [hero.he] said.
     - "You see," said [helper], "in the dark, small things sound big."
     - [Helper] tucked [hero] in and gave [hero.him] a kiss.`,
    `- Then [hero] went back to bed and slept until the morning.
     - Soon [hero] was fast asleep and had sweet dreams.
     - The sound came again, but now [hero] only smiled and fell asleep.
     - When [hero] heard it the next night, [hero.he] was not afraid anymore.
     - "Good night," said [hero] to the dark, and [hero.he] fell asleep.`,
  ],
  moral:
    'things often seem scary only because one does not know them|it helps to look closely|there is often nothing to be afraid of|the night is not so dark when somebody is with you',
  feelings: 'safe|calm|brave|relieved',
  questions: `
    What did [hero.full] hear? = [Hero.full] heard [noise].
    What was it really? = It was only [noise.c].
    Who came to help? = [Helper.full] came to help.
    What did [hero.full] think it was? = [Hero.full] thought it was [noise.d].`,
}

export const storm: Plot = {
  name: 'storm',
  weather: 'stormy',
  cast: { friend: 'friend|younger|older' },
  place: 'out walk|out play|water walk',
  lets: {
    shelter:
      'an old barn|a small hut|a hollow tree|a dry cave|a little chapel|a shed|an empty tent|a little house of stones|a stable|an old mill',
    comfort:
      'sing a song|tell a story|count the seconds between lightning and thunder|think of sunny days|play a guessing game|name all the animals we know|hum a tune|clap along with the rain',
  },
  want: 'shelter',
  beats: [
    `- One afternoon, [hero] and [friend] were [place.in]. At first the sky was blue.
     - One day, [hero] went [place.to] with [friend]. They did not look at the sky.
     - One hot day, [hero] played [place.in] with [friend].
     - It was a hot day. [Hero] and [friend] were on the way home. They had been [place.in].`,
    `- Then the wind began to blow, and {black|dark} clouds came over the {hills|trees|roofs}. {Big drops fell
       from the sky|It began to rain|The first drops fell}.
     - But soon the sky turned {dark|gray|almost black}. A flash of lightning lit up the clouds, and then came
       the thunder.
     - $atonce, the sun was gone. The trees began to shake, and it started to rain.
     - After a while, a cold wind came up. "I think there will be a storm," said [friend].
     - Far away, there was a rumble. It came closer and closer. Then the rain came down like water from a
       bucket.`,
    `- "We {have to|must} {hide|find a dry place|get out of the rain}!" cried [hero]. But where?
     - "What shall we do?" asked [friend] and held on to [hero].
     - "I want to go home," said [friend] with a thin voice.
     - [Hero] looked around. {Their home was too far away|There was no house to be seen}.
     - [Friend] was $scared. [Hero] was afraid, too, but [hero.he] did not show it.`,
    `- Then [hero] saw [shelter]. "There! Quick!" [hero.he] called. They ran through the rain.
     - Not far away was [shelter]. Hand in hand, they ran to it.
     - "Come with me!" said [hero]. [Hero.He] had seen [shelter]. It was dry in there.
     - [Hero] remembered that there was [shelter] nearby. They got there just in time.`,
    `- Outside, the storm howled. "Boom!" went the thunder. [Friend] jumped. "Let us [comfort]," said [hero].
     - They sat close together. "I am cold," said [friend]. "And I am afraid." "Then let us [comfort]," said
       [hero].
     - "When I am scared, I always [comfort]," said [hero]. "Do it with me." And it helped.
     - The lightning made everything white. "We can [comfort]," [hero] said, "and the storm will go by."`,
    `- They did it again and again, and {soon they forgot the storm|the time went by quickly|nobody thought of
       the storm anymore}.
     - After a while, [friend] {was not afraid anymore|even smiled a little|stopped shaking}.
     - It was {almost cozy|dry and warm|nice} in there, and in the end they {even laughed|nearly fell
       asleep|were not afraid at all}.
     - They were so busy that they did not hear how the thunder went away.`,
    `- $finally, it was quiet. They looked out. {The rain had stopped|The storm was over}, and there was a
       rainbow {in the sky|over the hills|above the trees}!
     - Then the clouds opened, and the sun came out. {Everything smelled fresh|The air smelled of wet
       grass|Birds began to sing}.
     - When they looked out again, the sky was blue. Birds were singing, and a rainbow stood over the hills.
     - The storm moved on. Only the drops on the leaves were left, and they sparkled like diamonds.`,
    `- "You were so brave," said [friend] to [hero]. {They went home through the puddles.|"I was very much
       afraid," said [hero], "but you helped me, too."}
     - They {walked|went|skipped} home and jumped {into every puddle on the way|over the puddles}.
     - At home there were {dry clothes|warm socks|towels} and {hot cocoa|warm milk|hot soup} for both of them.
     - "That was an adventure!" said [hero], and [friend] laughed.`,
  ],
  moral:
    'after every storm the sun comes out again|it is easier to be brave for somebody else|together one is not so afraid|a good idea is better than fear',
  feelings: 'brave|proud|happy|safe',
  questions: `
    Where did they hide from the storm? = They hid in [shelter].
    Who was with [hero.full]? = [Friend.full] was with [hero.full].`,
}
