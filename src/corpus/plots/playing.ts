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
     - [Day], [hero] said to [rival], "Let us race to [goal]!" [Judge] heard it and promised [prize] to the
       winner.
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
        `- [Rival] was in front and turned around to laugh. That was a mistake. [Rival.He] fell over a root
           and hurt [rival.own] knee. {!fell}
         - Halfway to [goal], [rival] fell into a ditch and could not get up. "Ouch, my foot!" [rival.he]
           cried. {!fell}
         - Just before [goal], [rival] slipped on the wet grass and fell. {!fell}`,
        `- [Hero] could have won now. But [hero.he] stopped. "Are you hurt?" [hero.he] asked and helped
           [rival] up.
         - [Hero] looked at [goal], and then [hero.he] looked back at [rival]. [Hero.He] turned around and
           held out a hand.
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
         - After a short time, [rival] could not see [hero] anymore. So [rival.he] lay down in the shade and
           fell asleep.`,
        `- [Hero] was not so fast, but [hero.he] went on, step by step, and did not stop.
         - [Hero] was out of breath, but [hero.he] did not give up.
         - "Slow and steady," said [hero] to [hero.himself] and kept running.`,
        `- When [rival] looked up, it was too late. [Hero] was already at [goal]!
         - [Rival] jumped up and ran and ran. But [hero] touched [goal] first.
         - "The winner is [hero.name]!" called [judge]. [Rival] could not believe it.`,
        `- [Hero] got [prize.the] and shared it with everyone.
         - "Well done," said [rival]. "I should not have been so sure." [Hero] $smiled and shook [rival.his]
           hand.
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
    `- [Hero] sat down under the tree and felt $sad. Then [helper] came by. "What are you looking at?" asked
       [helper].
     - "What is the matter?" asked [helper], who had seen everything. [Hero] pointed up.
     - [Helper] came along and looked up. "Is that your [thing] up there?" asked [helper].
     - "I need help," thought [hero]. So [hero.he] went to ask [helper].`,
    `- [Helper] had $idea. [Helper.He] got [means] and pushed the [thing] softly. It moved a little, and then
       a little more.
     - "Wait here," said [helper] and came back with [means]. "You hold it, and I will tell you where to
       push."
     - "I know what we need," said [helper]. "We need [means]." They worked together, [hero] on one side and
       [helper] on the other.
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
  things: { thing: 'wear own soft', thing2: 'wear c soft' },
  place: 'out home play|out play open',
  lets: {
    nose: 'a carrot|a red pepper|a long stick|a pine cone|a parsnip|a yellow banana',
    eyes: 'two black stones|two buttons|two nuts|two bottle caps|two chestnuts|two pieces of coal',
    what: 'a snowman|a snow bear|a snow dog|a snow cat|a snow dragon|a snow rabbit|a snow lady|a snow penguin|a snow elephant',
  },
  want: 'what',
  beats: [
    `- One winter morning, [hero] looked out of the window. Everything was white! "It has snowed!" [hero.he]
       shouted.
     - One cold morning, the world was white and quiet. [Hero] could not wait to go out.
     - [Day], big snowflakes fell from the sky. [Hero] ran from window to window.
     - One winter day, [hero] woke up and saw snow on all the roofs.`,
    `- [Parent] gave [hero] warm clothes. Then [hero] and [friend] ran out [place.to]. "Let us make [what]!"
       said [hero].
     - [Hero] put on a coat, boots and mittens and ran outside. There [hero.he] met [friend]. "Do you want to
       make [what] with me?" asked [hero].
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
        `- "Do not be sad," said [parent]. "The snow has become water, and the water helps the flowers grow.
           Next winter it will come back."
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
