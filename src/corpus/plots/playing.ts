import { either, maybe, type Plot, SKY, some } from '../plot.js'

export const race: Plot = {
  name: 'race',
  cast: { rival: 'friend|newcomer', judge: 'old|older' },
  place: 'open|water out|trees walk',
  lets: {
    goal: 'the old oak tree|the big rock|the red gate|the wooden bridge|the white fence|the little chapel|the well|the scarecrow|the tall pine tree|the yellow flag|the lamp post|the last bench',
    prize:
      'a shiny medal|a basket of apples|a big cake|a golden ribbon|a jar of honey|a blue balloon|a silver cup|a bag of nuts|a crown of flowers|a paper star',
  },
  want: 'goal',
  beats: [
    `- [Day], there was a race [place.in], all the way to [goal]. The prize was [prize].
     - [Day], everyone came [place.to] for the big race. Whoever reached [goal] first would win [prize].
     - [Day], [hero] said to [rival], "Let us race to [goal]!" [Judge] heard it and promised [prize] to the winner.
     - [Day], [hero] heard about a race [place.in]. The winner would get [prize]. [Hero] wanted to win.`,
    SKY,
    `- [Rival] was there, too. "I am the fastest of all," [rival.he] said. "Nobody can beat me."
     - "You are too slow," said [rival] to [hero]. "I will win."
     - [Hero] stood next to [rival]. Both of them wanted to win.
     - [Rival] laughed. "I could win this race with my eyes closed."
     - "Good luck," said [hero]. "I do not need luck," said [rival].`,
    `- "Ready, set, go!" shouted [judge]. Off they went!
     - "One, two, three, go!" They all began to run.
     - A whistle blew, and everyone ran as fast as they could.
     - [Judge] dropped a white flag, and the race began.`,
    either(
      [
        `- [Rival] was in front and turned around to laugh. That was a mistake. [Rival.He] fell over a root and hurt [rival.own] knee. {!fell}
         - Halfway to [goal], [rival] fell into a ditch and could not get up. "Ouch, my foot!" [rival.he] cried. {!fell}
         - Just before [goal], [rival] slipped on the wet grass and fell. {!fell}`,
        `- [Hero] could have won now. But [hero.he] stopped. "Are you hurt?" [hero.he] asked and helped [rival] up.
         - [Hero] looked at [goal], and then [hero.he] looked back at [rival]. [Hero.He] turned around and held out a hand.
         - All the others ran on, but [hero] went back to help. "Lean on me," [hero.he] said.`,
        `- Side by side, they came to [goal]. They were the last, but $everyone clapped for them.
         - They walked the rest of the way together. When they reached [goal], the others cheered.
         - Arm in arm, they got to [goal]. They had not won the race, but they had won a friend.`,
        `- [Judge] gave [prize.the] to both of them. "You have shown what really counts," said [judge].
         - "I am sorry that I laughed at you," said [rival]. "You are the real winner."
         - In the end, [hero] got [prize.the], because [hero.he] had the kindest heart.`,
      ],
      [
        `- [Rival] was soon far ahead. "I have so much time," [rival.he] thought and sat down to rest.
         - [Rival] ran like the wind. Then [rival.he] saw some ripe berries and stopped to eat them.
         - After a short time, [rival] could not see [hero] anymore. So [rival.he] lay down in the shade and fell asleep.`,
        `- [Hero] was not so fast, but [hero.he] went on, step by step, and did not stop.
         - [Hero] was out of breath, but [hero.he] did not give up.
         - "Slow and steady," said [hero] to [hero.himself] and kept running.`,
        `- When [rival] looked up, it was too late. [Hero] was already at [goal]!
         - [Rival] jumped up and ran and ran. But [hero] touched [goal] first.
         - "The winner is [hero.name]!" called [judge]. [Rival] could not believe it.`,
        `- [Hero] got [prize.the] and shared it with everyone.
         - "Well done," said [rival]. "I should not have been so sure." [Hero] $smiled and shook [rival.his] hand.
         - [Hero] held up [prize.the]. The others lifted [hero.him] on their shoulders.`,
      ],
    ),
    maybe(
      0.5,
      `- On the way home, the two of them talked and laughed.
     - After that, they often ran together, just for fun.
     - "Shall we race again tomorrow?" asked [hero]. "Yes, but slowly," said [rival].`,
    ),
  ],
  moral:
    'it is not always the fastest who wins|helping is more important than winning|one should never give up|one should not laugh at others',
  feelings: 'proud|happy|tired but happy|great',
  questions: `
    Where did the race end? = The race ended at [goal].
    What was the prize? = The prize was [prize].
    fell: Who fell? = [Rival.full] fell.
    Who ran against [hero.full]? = [Rival.full] ran against [hero.full].`,
}

export const stuck: Plot = {
  name: 'stuck-in-tree',
  weather: 'windy',
  cast: { helper: 'friend|older|old|parent' },
  things: { thing: 'up' },
  place: 'out play trees|trees out walk|out home trees',
  lets: {
    means: 'a long ladder|a long stick|a broom|a fishing rod|a rope|a rake',
    tree: 'a tall oak tree|an old apple tree|a big pine tree|a high maple tree|a chestnut tree|a birch tree|a cherry tree|a willow tree',
  },
  want: 'thing',
  beats: [
    `- [Day], [hero] went [place.to] with [hero.his] [thing.full].
     - [Day], [hero] was [place.in] with [thing.a]. The wind pulled at it.
     - [Day], [hero] took [thing.a] outside. [Hero.He] ran [place.to].
     - [Day], there was a strong wind [place.in]. [Hero] had [thing.a] with [hero.him].`,
    SKY,
    `- $atonce, the wind took the [thing] and carried it up into [tree].
     - Whoosh! A gust of wind came, and the [thing] flew away. It got stuck in [tree].
     - The wind blew so hard that the [thing] flew high up and landed in [tree].
     - "$ohno!" cried [hero]. The wind had blown the [thing] into [tree].`,
    some(
      2,
      3,
      `- [Hero] jumped as high as [hero.he] could, but [hero.he] could not reach it.
     - [Hero] shook the tree. Some leaves fell down, but not the [thing].
     - [Hero] threw a small stone at it. The stone came back, but the [thing] stayed where it was.
     - [Hero] tried to climb up, but the trunk was too smooth.
     - [Hero] shouted at the tree, "Give it back!" But trees do not listen.
     - [Hero] stood on an old box, but the box was not high enough.
     - [Hero] waited for the wind to blow it down. But now the wind was still for a moment.`,
    ),
    `- [Hero] sat down under the tree and felt $sad. Then [helper] came by. "What are you looking at?" asked [helper].
     - "What is the matter?" asked [helper], who had seen everything. [Hero] pointed up.
     - [Helper] came along and looked up. "Is that your [thing] up there?" asked [helper].
     - "I need help," thought [hero]. So [hero.he] went to ask [helper].`,
    `- [Helper] had $idea. [Helper.He] got [means] and pushed the [thing] softly. It moved a little, and then a little more.
     - "Wait here," said [helper] and came back with [means]. "You hold it, and I will tell you where to push."
     - "I know what we need," said [helper]. "We need [means]." They worked together, [hero] on one side and [helper] on the other.
     - [Helper] thought about it. "With [means] we can do it," said [helper]. And so they tried.`,
    `- $finally, the [thing] came down and landed right in [hero.his] arms.
     - Plop! The [thing] fell on the grass. It was not broken.
     - One more push, and the [thing] was free! [Hero] caught it.
     - Leaf by leaf, it slid down. "I have it!" cried [hero].`,
    `- "$thanks!" said [hero]. "$welcome," said [helper].
     - [Hero] danced around the tree with the [thing].
     - [Hero] asked [helper] to stay, and they had fun with the [thing].
     - From then on, [hero] held the [thing] tight when the wind was blowing.
     - "The next time, we will stay away from trees," said [helper], and they both laughed.`,
  ],
  moral:
    'two can do what one cannot do alone|there is always a way when one thinks about it|it is good to ask for help|one should not give up after the first try',
  feelings: 'happy|glad|thankful|relieved',
  questions: `
    What got stuck in the tree? = The [thing] got stuck in the tree.
    Who helped [hero.full]? = [Helper.full] helped [hero.full].
    What did they use? = They used [means].
    What blew the [thing] into the tree? = The wind blew the [thing] into the tree.`,
}

export const snow: Plot = {
  name: 'snowman',
  weather: 'snowy',
  hero: 'child',
  cast: { friend: 'friend|younger|older', parent: 'parent' },
  things: { thing: 'wear own', thing2: 'wear c' },
  place: 'out home play|out play open',
  lets: {
    nose: 'a carrot|a red pepper|a long stick|a pine cone|a parsnip|a yellow banana',
    eyes: 'two black stones|two buttons|two nuts|two bottle caps|two chestnuts|two pieces of coal',
    what: 'a snowman|a snow bear|a snow dog|a snow cat|a snow dragon|a snow rabbit|a snow lady|a snow penguin|a snow elephant',
  },
  want: 'what',
  beats: [
    `- One winter morning, [hero] looked out of the window. Everything was white! "It has snowed!" [hero.he] shouted.
     - One cold morning, the world was white and quiet. [Hero] could not wait to go out.
     - [Day], big snowflakes fell from the sky. [Hero] ran from window to window.
     - One winter day, [hero] woke up and saw snow on all the roofs.`,
    `- [Parent] gave [hero] warm clothes. Then [hero] and [friend] ran out [place.to]. "Let us make [what]!" said [hero].
     - [Hero] put on a coat, boots and mittens and ran outside. There [hero.he] met [friend]. "Do you want to make [what] with me?" asked [hero].
     - With [friend], [hero] went [place.to]. They wanted to make [what].
     - "Let us build [what]!" said [friend], who was waiting [place.in].`,
    some(
      1,
      2,
      `- They rolled a small ball of snow until it was as big as a barrel.
     - The snow was heavy, and their cheeks turned red.
     - First they made a big heap of snow. Then they patted it with their hands.
     - Their fingers were cold, but that did not matter.
     - They pushed and pulled, and soon there was a mountain of snow.
     - A snowball flew through the air and hit [friend]. They both laughed.`,
    ),
    `- For the eyes they took [eyes], and for the nose [nose].
     - "It needs a face," said [friend]. They found [eyes] and [nose].
     - [Hero] looked for [eyes], and [friend] went to get [nose]. Now it had a face.
     - "It cannot see," said [hero]. So they gave it [eyes]. [Nose] became the nose.`,
    `- But something was still missing. "It looks cold," said [hero] and put [hero.own] [thing.full] on it.
     - Last of all, [parent] came out with [thing2.a]. "This is for your friend," said [parent].
     - Then [hero] put [thing2.a] on top. Now it was perfect!
     - [Friend] added [thing2.a], and then they stepped back to look.`,
    either(
      [
        `- The next day, the sun came out, and it was warm. The snow began to melt. [Hero] was $sad. {!melted}
         - But a few days later it was warmer. Drip, drip, drip. Every hour there was less of it. {!melted}
         - After a week, only a puddle was left, with [nose.the] in the middle. {!melted}`,
        `- "Do not be sad," said [parent]. "The snow has become water, and the water helps the flowers grow. Next winter it will come back."
         - "Good things come back," said [friend]. "Next winter we will build an even bigger one."
         - [Hero] had drawn a picture of it. So it could stay with [hero.him] all year.`,
      ],
      [
        `- All the people who came by stopped and laughed. It looked so funny!
         - In the evening, the moon shone on it, and it looked as if it smiled.
         - A little bird sat down on its head and sang a song.
         - "Good night," [hero] said to it when it got dark.`,
        `- Then they went in and drank hot cocoa.
         - Inside, [parent] had hot cocoa and [snack.some] for them. How good that was!
         - They sat by the window with warm milk and looked at [what.the] outside.`,
      ],
    ),
  ],
  foods: { snack: 'snack' },
  moral:
    'winter is fun when one has a friend|even cold days can be warm|some things are beautiful because they do not last|it is fun to make things together',
  feelings: 'happy|warm inside|content|glad',
  questions: `
    What did they make? = They made [what].
    What did they use for the eyes? = They used [eyes] for the eyes.
    What was the nose? = The nose was [nose].
    Who made it with [hero.full]? = [Friend.full] made it with [hero.full].`,
}

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
     - [Day], [hero] and [friend] were [place.in]. "I am bored," said [friend]. "Then let us build [what]," said [hero].
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
     - "It is your fault!" said [friend]. "No, it is yours!" said [hero]. Then they looked at each other and had to laugh.
     - [Hero] was $sad. "We are too small for this," [hero.he] said.
     - They sat down and did not know what to do.`,
    `- Then [third] came by. "May I help?" asked [third]. "Three can do more than two."
     - [Third] had watched them. "You must begin with the heavy parts," said [third]. "Then it will stand."
     - "Can I play with you?" asked [third]. "We are not playing, we are building," said [hero]. "But you can help."
     - Just then, [third] came along and saw it. "I know how to do [what.c]," said [third]. "Let me show you."`,
    `- So they began again, all three of them. One held, one tied, and one looked if it was straight. [Third] made [what.c].
     - Everyone had a job. [Hero] did the lower part, [friend] did the upper part, and [third] did [what.c].
     - This time they took care and did not hurry. The hardest part was [what.c], but [third] knew how to do it.
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
     - [Day], [hero] was [place.in] when [hero.he] saw something [place.spot]. It was a map with a red cross.`,
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
    `- There, [under], something was shining. It was a small box! [Hero.His] hands shook when [hero.he] opened it.
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
