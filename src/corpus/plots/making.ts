import { maybe, type Plot, some } from '../plot.js'

export const building: Plot = {
  name: 'building',
  cast: { friend: 'friend', third: 'newcomer|younger|older' },
  place: 'out home play|trees out|out play',
  rows: {
    what: [
      'a tree house / boards and nails / the roof / sit up there and see far',
      'a raft / logs and a long rope / the mast / float on the water',
      'a fort / branches and moss / the door / hide in it',
      'a hut of branches / long branches and leaves / the roof / sit in it when it rained',
      'a tent / blankets and sticks / the top / sleep in it',
      'a stone oven / flat stones and mud / the round top / bake bread in it',
      'a swing / a board and a strong rope / the knot / swing up to the sky',
      'a doghouse / boards and nails / the roof / give the dog a home of its own',
      'a cart / an old box and four wheels / the last wheel / ride down the hill',
      'a castle of boxes / big boxes and tape / the tower / play king and queen',
      'a bird feeder / wood and string / the roof / watch the birds eat',
      'a stone tower / flat stones / the top / see it from far away',
    ],
    fall: [
      'But the first try fell over. Crash!',
      'But then the wind blew, and everything fell down.',
      'It looked good, but then one side broke.',
      'Just when they were almost done, it all came down with a crash.',
      'But it was not strong enough and fell apart.',
    ],
  },
  want: 'what',
  beats: [
    `- [Day], [hero] had $idea. "Let us build [what]!" [hero.he] said to [friend].
     - [Day], [hero] and [friend] were [place.in]. "I am bored," said [friend]. "Then let us build [what],"
       said [hero].
     - One night, [hero] dreamed of [what]. In the morning, [hero.he] told [friend] about it.
     - [Day], [hero] and [friend] wanted to build [what]. They met [place.in].`,
    `- They looked for [what.b] and carried everything [place.to].
     - For that they needed [what.b]. It took all morning to find them.
     - [Hero] brought some things, and [friend] brought the rest. Soon they had [what.b].
     - First they made a plan. Then they got [what.b].`,
    `- They worked and worked. [Fall]
     - [Hero] held it, and [friend] pushed. [Fall]
     - They began in high spirits. [Fall]
     - All went well for a while. [Fall]`,
    `- "It is no use," said [friend] and wanted to give up.
     - "It is your fault!" said [friend]. "No, it is yours!" said [hero]. Then they looked at each other and
       had to laugh.
     - [Hero] was $sad. "We are too small for this," [hero.he] said.
     - They sat down and did not know what to do.`,
    `- Then [third] came by. "May I help?" asked [third]. "Three can do more than two."
     - [Third] had watched them. "You must begin with the heavy parts," said [third]. "Then it will stand."
     - "Can I play with you?" asked [third]. "We are not playing, we are building," said [hero]. "But you can
       help."
     - Just then, [third] came along and saw it. "I know how to do [what.c]," said [third]. "Let me show
       you."`,
    `- So they began again, all three of them. One held, one tied, and one looked if it was straight. [Third]
       made [what.c].
     - Everyone had a job. [Hero] did the lower part, [friend] did the upper part, and [third] did [what.c].
     - This time they took care and did not hurry. The hardest part was [what.c], but [third] knew how to do
       it.
     - They tried it again, with three pairs of hands, and now it was much better.`,
    `- $finally, it was done. Now they could [what.d].
     - When the sun went down, it was ready. They could [what.d]!
     - At last it stood there, strong and beautiful. They could [what.d] whenever they wanted.
     - "We did it!" they all cried. From now on they could [what.d].`,
    maybe(
      0.6,
      `- They had [snack.some] to celebrate.
     - They gave it a name and painted it on a board: "The Three Friends."
     - Every day after that, they met there.
     - They were dirty and tired, but very happy.
     - "And tomorrow we will build something bigger," said [hero].`,
    ),
  ],
  foods: { snack: 'snack' },
  moral:
    'together one can do great things|one should try again when something fails|it is good when everyone helps|a good plan is half of the work',
  feelings: 'proud|happy|tired and proud|strong',
  questions: `
    What did they build? = They built [what].
    Who came by to help? = [Third.full] came by to help.
    What did they need? = They needed [what.b].`,
}

export const treasure: Plot = {
  name: 'treasure',
  traits: 'curious|brave|bold|clever|lively',
  cast: { friend: 'friend|older' },
  place: 'in home|learn|out home',
  things: { thing: 'chest' },
  lets: {
    first:
      'the old well|the crooked tree|the stone bridge|the broken fence|the red barn|the big gray rock|the tallest pine tree|the wooden cross|the windmill|the scarecrow|the dry fountain|the hollow log',
    steps:
      'ten steps to the left|twenty steps to the right|five steps to the north|seven long steps to the sea|twelve steps to the west|nine steps uphill|six steps to the east',
    under:
      'under a flat stone|between two roots|under a heap of leaves|in a hole in the ground|behind a loose brick|beneath a thorn bush|in a hollow stump',
  },
  want: 'first',
  beats: [
    `- [Day], [hero] found an old map [place.in]. It lay [place.spot]. There was a red cross on it.
     - [Day], a yellow piece of paper fell out of an old book. [Hero] picked it up. It was a treasure map!
     - [Day], [hero] looked [place.spot]. There was an old map! "A treasure!" whispered [hero].
     - [Day], [hero] was [place.in] when [hero.he] saw something [place.spot]. It was a map with a red
       cross.`,
    `- [Hero] ran to [friend]. "Look what I found! Will you come with me?" [Friend] was $excited.
     - "We must look for it," said [hero] to [friend]. They took a shovel and a bag with [snack].
     - [Friend] looked at the map, too. "I know that place," said [friend]. "Let us go!"
     - [Hero] showed the map to [friend]. They promised to share everything they found.`,
    `- The map said, "Go to [first]." They walked over the hills until they saw it.
     - First they had to find [first]. That was not easy, because the map was so old.
     - "Here is [first] on the map," said [friend]. After an hour they were there.
     - They went along a stream and through some bushes, and there was [first].`,
    `- Then it was [steps]. They counted aloud.
     - "And now [steps]," read [hero]. They counted every step.
     - From there it was [steps]. "I hope the paper is right," said [friend].
     - "[Steps]," said the map. [Hero] counted, and [friend] carried the shovel.`,
    some(
      0,
      1,
      `- $atonce, something moved in the grass. It was only a frog.
     - They dug in the wrong place first and found only an old shoe.
     - It began to rain, but they did not turn back.
     - "What if somebody was here before us?" asked [friend].
     - They had to stop and rest. They ate [snack.some].`,
    ),
    `- There, [under], something was shining. It was a small box! [Hero.His] hands shook when [hero.he] opened
       it.
     - They looked [under]. And really, there was a little chest!
     - "Here!" shouted [friend]. [Under], there was a tin box with a rusty lock.
     - They dug and searched. Then they saw it, [under]: an old wooden chest.`,
    `- In it was [thing.a] and a letter. "For the one who does not give up," it said.
     - Inside lay [thing.a]. It was not gold, but they thought it was wonderful.
     - The chest was full of sand. But in the sand they found [thing.a].
     - They opened it slowly. There was [thing.a] in it, and it was more than a hundred years old.
     - "Is it gold?" asked [friend]. No, it was [thing.a]. [Hero] loved it at once.`,
    `- They took turns to keep it: one week it was with [hero], and one week it was with [friend].
     - They put a note into the box for the next one and hid it again. But the [thing] they took home.
     - "The best thing was the search," said [hero]. [Friend] nodded.
     - Tired and dirty, they went home. They had a secret now.
     - At home, they put the [thing] on the shelf where both of them could see it.`,
  ],
  foods: { snack: 'snack' },
  moral:
    'an adventure is more fun with a friend|the way can be better than the treasure|it is worth looking closely|the best treasure is a good friend',
  feelings: 'happy|proud|rich|excited',
  questions: `
    What did [hero.full] find first? = [Hero.full] found a map.
    Where did they go with the map? = They went to [first].
    What was the treasure? = The treasure was [thing.a].
    Who went with [hero.full]? = [Friend.full] went with [hero.full].`,
}
