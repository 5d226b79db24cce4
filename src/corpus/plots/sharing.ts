import { either, maybe, type Plot, SKY } from '../plot.js'

export const sharing: Plot = {
  name: 'sharing',
  cast: { friend: 'friend|older|younger|friend', parent: 'parent' },
  things: { thing: 'two' },
  place: 'out play|in home play',
  want: 'thing',
  beats: [
    `- [Day], [hero] got [thing.a]. [Hero.He] took it [place.to] and wanted to [thing.use] $all.
     - [Day], [hero] was [place.in] with [thing.a]. [Hero.He] was so proud of it.
     - [Day], [hero] and [friend] found [thing.a] [place.in]. Both of them wanted to [thing.use].
     - [Day], [hero] played [place.in] with [hero.his] new thing. It was [thing.a]!
     - [Day], [parent] gave [hero] [thing.a]. "Now you can [thing.use]," said [parent]. [Hero] ran [place.to]
       to try it.`,
    SKY,
    `- [Friend] came, too. "Can I have a turn?" asked [friend]. "No, I had it first!" said [hero].
     - Then [friend] wanted to [thing.use], too. "It is mine!" shouted [hero] and held the [thing] tight.
     - "I want the [thing] now," said [friend]. "No, I want it," said [hero]. They both pulled and pulled.
     - Then [friend] came over. [Friend.He] looked at the [thing] with big eyes. But [hero] turned away and
       did not want to share.
     - [Friend] asked $softly, "May I [thing.use], too?" [Hero] shook [hero.own] head. "You might break it."
     - "Please let me [thing.use]," said [friend]. "Later," said [hero], but later never came.`,
    `- [Friend] was $sad and sat down alone. A tear rolled down [friend.his] nose.
     - [Friend] went away and did not say a word. Soon, [hero] was alone with the [thing], and it was not so
       much fun anymore.
     - They began to shout at each other. Nobody was having fun now.
     - [Friend] $cried. [Hero] did not like to see that.
     - "Then I will not play with you," said [friend] and walked away. It was very quiet [place.in].
     - [Hero] played alone, but after some time it became boring.`,
    either(
      [
        `- [Parent] heard the noise and came over. "Why don't you take turns?" asked [parent].
         - [Parent] sat down next to [hero]. "Things are more fun when there are two," said [parent] $softly.
         - [Parent] had seen everything. "How would you feel if you were [friend.name]?" [parent] asked
           [hero].
         - "What is the matter here?" asked [parent]. When [parent] heard about it, [parent] said, "Each of
           you can have the [thing] for a while."`,
        `- [Hero] thought about that. "You are right," [hero.he] said. "Let us share."
         - [Hero] looked at [friend]. "I am sorry," [hero.he] said. "You can have a turn now."
         - That was $idea. [Hero] gave the [thing] to [friend]. "You first," [hero.he] said.
         - [Hero] nodded slowly and went to [friend]. "Do you want to [thing.use] with me?" [hero.he] asked.`,
      ],
      [
        `- Then [hero] had $idea. "Let us count to twenty," [hero.he] said. "Then it is your turn."
         - [Hero] felt bad. [Hero.He] walked over to [friend] and held out the [thing]. "I am sorry. Let us
           play together."
         - [Hero] remembered how sad [hero.he] had been when somebody did not share with [hero.him]. "Come
           back, [friend.name]! You can have it," [hero.he] called.
         - "Wait!" called [hero]. "I do not want to play alone. Come and [thing.use] with me!"
         - Then [hero] said, "It is your turn now. I will watch you." [Friend] could hardly believe it.`,
      ],
    ),
    `- First [friend] had a turn, and then [hero]. They laughed and played $all.
     - [Friend] was $happy. They took turns, and nobody was sad anymore.
     - So they shared the [thing], and it was twice as much fun.
     - "$thanks," said [friend] and $smiled. Together they found a new game.
     - They played until {the sun went down|it was time to eat|they were tired}. It was much better than
       playing alone.
     - [Friend] $smiled, and [hero] smiled back. Soon they were both laughing.`,
    maybe(
      0.5,
      `- The next day, [friend] brought [snack.some] and shared [snack.it] with [hero].
     - After that, they always shared their things.
     - "You are the best," said [friend].
     - [Parent] watched them and was very proud.`,
    ),
  ],
  foods: { snack: 'snack' },
  moral:
    'sharing makes everything more fun|it is nice to share|playing together is better than playing alone|taking turns makes everyone happy|a toy is only fun when nobody is sad',
  feelings: 'happy|good|glad|proud',
  questions: `
    What did [hero.full] not want to share? = [Hero.full] did not want to share the [thing].
    Who wanted to [thing.use], too? = [Friend.full] wanted to [thing.use], too.
    Where were [hero.full] and [friend.full]? = They were [place.in].`,
}

export const trade: Plot = {
  name: 'trade',
  cast: { friend: 'friend' },
  hero: 'child',
  things: { thing: 'trade', thing2: 'trade' },
  place: 'out play|learn out',
  want: 'thing',
  beats: [
    `- [Day], [hero] was [place.in] with [thing.a]. [Hero.He] was a little tired of it.
     - [Day], [hero] took [hero.his] [thing.full] [place.to]. "I wish I had something new," [hero.he] said.
     - [Day], [hero] looked at [hero.his] [thing.full] and sighed. [Hero.He] wanted something else. So
       [hero.he] went [place.to].
     - [Day], [hero] sat [place.in] and held [thing.a]. [Hero.He] did not want to [thing.use] anymore.`,
    `- There [hero.he] met [friend], who had [thing2.a]. It looked wonderful!
     - [Friend] was there, too. [Friend.He] had [thing2.a] and was showing it to everyone.
     - Then [friend] came by with [thing2.a]. [Hero] had never seen anything so nice.
     - Along came [friend]. In [friend.his] hands was [thing2.a].`,
    `- "Do you want to trade?" asked [hero]. "My [thing] for your [thing2]." [Friend] thought about it.
       "$yes," [friend.he] said.
     - "I will give you my [thing] if you give me your [thing2]," said [hero]. "That is fair," said [friend].
     - [Friend] looked at the [thing]. "I like that," [friend.he] said. "Shall we trade?" [Hero] nodded, and
       they traded.
     - "I like your [thing2]," said [hero]. "And I like your [thing]," said [friend]. So they changed them,
       one for the other.`,
    either(
      [
        `- At first, [hero] was $happy with the [thing2]. But at night [hero.he] could not sleep. [Hero.He]
           missed [hero.his] old [thing].
         - [Hero] wanted to [thing2.use]. It was fun, but soon [hero.he] began to think of [hero.his] old
           [thing].
         - But the next morning, [hero] looked for [hero.his] [thing], and it was not there. Now [hero.he]
           knew how much [hero.he] had loved it.`,
        `- So [hero] went to [friend] and said, "I made a mistake. Can we trade back?" [Friend] $smiled. "I
           miss my [thing2], too!"
         - The next day, [hero] ran to [friend]. "Please, may I have my [thing] back?" [friend.name], who was
           kind, said yes.
         - When they met again, [friend] said, "I am sorry, but I miss my [thing2]." [Hero] laughed. "And I
           miss my [thing]!"`,
        `- They traded back and laughed about it. {!back}
         - So each of them got the old thing back, and both were $happy. {!back}
         - They changed the things again, and then they played with both of them together. {!back}`,
      ],
      [
        `- [Hero] began to [thing2.use], and [friend] began to [thing.use]. Both of them were $happy.
         - "Now I can [thing2.use]!" said [hero]. "And I can [thing.use]," said [friend].
         - It was a good trade. [Hero] loved the [thing2], and [friend] loved the [thing].`,
        `- "If you miss it, you can always come and play with it," said [friend].
         - "Let us play together," said [hero], "then we both have two things."
         - Every day after that, they met [place.in] and played with both things.`,
        `- They played $all.
         - And the old [thing] was like new again, because somebody loved it.
         - $everyone who saw them wanted to trade something, too.`,
      ],
    ),
    maybe(
      0.4,
      `- "We can share our things," said [hero]. "Then we do not have to trade at all."
     - In the evening, both went home with a smile.
     - "It was fun," said [friend]. "See you tomorrow!"`,
    ),
  ],
  moral:
    'old things can be the best things|a fair trade makes two people happy|it is good to think before one trades|a good friend is worth more than any toy',
  feelings: 'happy|content|glad|wiser',
  questions: `
    What did [hero.full] trade? = [Hero.full] traded the [thing] for the [thing2].
    Who had the [thing2] at first? = [Friend.full] had the [thing2].
    back: Did they trade back? = Yes, they traded back.`,
}

export const stranger: Plot = {
  name: 'stranger',
  traits: 'kind|helpful|polite|friendly|strong|thoughtful',
  cast: { other: 'old' },
  hero: 'child',
  place: 'town walk out',
  foods: { snack: 'snack' },
  rows: {
    load: [
      'a heavy bag of potatoes / carry the bag / carried the bag / The bag tore and the potatoes rolled everywhere.',
      'two big boxes / carry a box / carried one of the boxes / One box fell and everything rolled out.',
      'a basket full of apples / carry the basket / carried the basket / The basket tipped over and the apples rolled away.',
      'a cart with a broken wheel / push the cart / pushed the cart / The wheel came off and the cart stopped.',
      'a pile of old books / carry the books / carried half of the books / The pile fell down.',
      'a bag of flour / carry the bag / carried the bag / The bag slipped and fell on the ground.',
      'a bundle of wood / carry the wood / carried some of the wood / The string broke and the wood fell down.',
      'three pots of flowers / carry the flowers / carried two of the pots / One of the pots almost fell.',
      'a long ladder / carry the ladder / carried one end of the ladder / The ladder was so long that it hit a lamp.',
      'a big suitcase / pull the suitcase / pulled the suitcase / The suitcase opened and everything fell out.',
    ],
  },
  want: 'load',
  beats: [
    `- [Day], [hero] was on the way [place.to] when [hero.he] saw [other] with [load].
     - [Day], [hero] went [place.to]. On the way, [hero.he] met [other], who had [load].
     - [Day], [hero] was walking [place.in]. In front of [hero.him] was [other] with [load].
     - [Day], as [hero] came [place.to], there stood [other] with [load].
     - [Day], [hero] wanted to play with a friend. But on the way [hero.he] saw [other]. [Other.He] had
       [load].`,
    SKY,
    `- [Load.d] "$ohno," said [other].
     - $atonce, there was a loud noise. [Load.d]
     - It was too much for one. [Load.d] [Other] sighed.
     - [Other] had to stop again and again. $atonce, something bad happened. [Load.d]
     - [Other] looked very tired. "It is so far to my house," [other.he] said to [other.himself].`,
    `- Many people walked by, but nobody helped.
     - [Hero] felt sorry for [other] and stopped.
     - [Hero] wanted to play, but [hero.he] did not just walk by.
     - [Hero] thought of [hero.his] own grandma, who was always glad about a little help.
     - For a moment [hero] was too shy to speak. Then [hero.he] walked up to [other].`,
    `- "Can I help you?" asked [hero]. "That would be very nice," said [other].
     - "Let me help you [load.b]," said [hero]. "$thanks," said [other]. "You are a kind [hero.kind]."
     - "Wait, I will help you!" [hero] called and ran to [other].
     - [Hero] asked, "Shall I [load.b]?" [Other] $smiled. "Are you strong enough?" "Yes, I am," said [hero].
     - "May I [load.b] with you?" asked [hero] $softly. [Other] was $surprised and said yes.`,
    `- Together they put everything in order again, and [hero] [load.c] all the way to a small house.
     - [Hero] [load.c], and [other] told [hero.him] stories about the old days.
     - It was hard work, but [hero] [load.c] and did not give up. Soon they were there.
     - So [hero] [load.c], up the street and around the corner, to a house with {a green door|a blue
       gate|roses by the window}.
     - [Hero] [load.c] step by step. "We are almost there," said [other].`,
    `- At the house, [other] gave [hero] [snack.some]. [Snack.They] [snack.was] $verygood.
     - "Come in and have [snack.some]," said [other]. They sat at the table and talked.
     - [Other] thanked [hero] many times and gave [hero.him] [snack.some] for the way home.
     - "I have no money, but I have [snack.some]," said [other]. [Hero] laughed and said, "I love [snack]!"
     - Before [hero] left, [other] put [snack.some] into [hero.his] hands. "This is for my little helper."`,
    maybe(
      0.6,
      `- At home, [hero] told [hero.his] family about it, and they were very proud.
     - After that, [hero] visited [other] every week.
     - [Hero] hummed a song on the way home. Helping had made [hero.him] happy.
     - Since then, they greet each other with a smile.
     - When [hero] met a friend later, [hero.he] shared the [snack.bare].`,
    ),
  ],
  moral:
    'helping others makes one happy, too|a little help can mean a lot|it is good to be kind to people one does not know|nobody is too small to help',
  feelings: 'happy|proud|strong|good',
  questions: `
    Who needed help? = [Other.full] needed help.
    What did [other.full] have? = [Other.full] had [load].
    What did [other.full] give [hero.full]? = [Other.full] gave [hero.full] [snack.some].`,
}
