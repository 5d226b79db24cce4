import { either, maybe, type Plot, some } from '../plot.js'

export const grandparents: Plot = {
  name: 'grandparents',
  hero: 'child',
  cast: { grand: 'grand', parent: 'parent' },
  foods: { meal: 'meal', snack: 'snack' },
  things: { thing: 'old' },
  lets: {
    way: 'by train|by bus|by car|by bike|on foot through the woods|by boat|on the back of a wagon',
    where:
      'a farmhouse|a little house by the sea|a cottage in the woods|a village in the mountains|an old house with a big garden|a house next to a mill|a small house by a lake',
    work: 'feed the hens|pick cherries|water the garden|milk the cow|repair the fence|gather eggs|chop vegetables|paint the gate|bake bread|catch fish|dig up potatoes|look after the bees|collect wood',
  },
  want: 'work',
  beats: [
    `- [Day], [hero] went to visit [grand] [way]. [Grand] lived in [where].
     - It was vacation time. [Hero] was going to stay with [grand], who lived in [where].
     - [Day], [parent] took [hero] to [grand], who lived in [where]. They went there [way].
     - [Day], there was a letter from [grand]. "Please come and visit me," it said. So [hero] packed a bag and went there [way].`,
    `- [Grand] was already standing at the door. "How big you are now!" said [grand].
     - "There you are at last!" cried [grand] and $hug [hero].
     - On the table there was [meal], because [grand] knew what [hero] liked.
     - It smelled of [meal] and [snack]. [Hero] ran into [grand.his] arms.`,
    `- At first, [hero] did not know what to do. There was no television and there were no other children. [Hero.He] missed home a little.
     - In the beginning, everything was strange. The bed was so high, and the house made funny noises.
     - "I am bored," said [hero] on the second day. [Grand] laughed.
     - [Hero] looked around. There were so many old things in the house.`,
    `- "Come, you can help me," said [grand]. "We will [work]." That was fun!
     - In the morning, they got up early to [work]. [Hero] had never done that before.
     - [Grand] showed [hero] how to [work]. At first it was hard, but then it went very well.
     - "Do you want to [work] with me?" asked [grand]. [Hero] was allowed to do everything alone.`,
    `- In the afternoon, [hero] found [thing.a] on a shelf. "That was mine when I was a child," said [grand] and told a story about it.
     - One evening, [grand] took [thing.a] out of a drawer. "This is older than I am," said [grand].
     - When it rained, they went up to the attic. There they found [thing.a]. "I thought it was lost," said [grand].
     - On the last day, [grand] gave [hero] [thing.a]. "I got it from my own grandfather," said [grand]. "Now it is yours."`,
    some(
      1,
      2,
      `- In the evenings, they sat by the fire, and [grand] told stories of long ago.
     - They went for a walk and [grand] knew the name of every flower.
     - They played cards, and [hero] won almost every time.
     - They ate [snack.some] on the bench in front of the house.
     - At night, they looked at the stars together.
     - [Grand] sang the songs of the old days, and [hero] sang along.`,
    ),
    `- Then it was time to go home. [Hero] did not want to leave. "Come back soon," said [grand].
     - The days went by so fast. When [parent] came to take [hero] home, [hero] was almost sad.
     - "Can I stay one more day?" [hero] asked [parent] when it was time to go.
     - [Hero] waved until [grand] was only a tiny dot.`,
    maybe(
      0.6,
      `- At home, [hero] wrote a letter to [grand] and drew a picture of the house.
     - "It was so nice," [hero] told everyone at home. "We could [work]!"
     - In [hero.his] bag, [hero.he] found [snack.some] for the way. [Grand] thought of everything.
     - [Hero] counted the days until the next visit.`,
    ),
  ],
  moral:
    'old people know many wonderful things|time together is the best present|there is always something to do when one looks around|old things can tell stories',
  feelings: 'happy|loved|content|thankful',
  questions: `
    Who did [hero.full] visit? = [Hero.full] visited [grand.full].
    What could they do together? = They could [work].`,
}

export const baby: Plot = {
  name: 'new-baby',
  hero: 'child',
  traits: 'lively|lonely|sweet|clever|quiet',
  cast: { parent: 'parent', baby: 'baby' },
  things: { thing: 'toy soft' },
  rows: {
    calm: [
      'sang a soft song',
      'made a funny face',
      'showed the baby how the curtain moved in the wind',
      'tickled the baby with a feather',
      'danced in front of the bed',
      'played a little song on a comb',
      'told the story of the three bears',
      'clapped and made sounds like a duck',
      'blew soap bubbles',
      'played peekaboo with a pillow',
    ],
  },
  want: 'calm',
  beats: [
    `- [Day], [parent] said, "[baby.name] is here at last. You have a baby [baby.kind] now." [Hero] was curious.
     - [Day], there was a new baby in the house. It was [baby].
     - [Day], [parent] came home with a baby. "This is [baby.name], your [baby.kind]," said [parent].
     - A few weeks ago, a baby had come into the family. It was [baby].`,
    `- But the baby was so small! It could not play. It only slept and cried.
     - [Hero] had thought that they would play together. But [baby.name] could not even sit.
     - $everyone wanted to see the baby. Nobody looked at [hero] anymore.
     - Now nobody had time for [hero]. It was always the baby, the baby, the baby.`,
    `- "Read me a story," said [hero]. "Later," said [parent], "the baby needs me."
     - "Come and play with me!" said [hero]. "Be quiet, please, [baby.name] is asleep," said [parent].
     - [Hero] was $sad and a little angry. "You can give the baby back," [hero.he] said.
     - [Hero] sat down in a corner with [thing.a]. "Nobody loves me," [hero.he] whispered.`,
    `- [Parent] sat down next to [hero] and put an arm around [hero.him]. "I love you as much as before," said [parent]. "My heart just became bigger."
     - That night, [parent] came to the bed of [hero]. "You will always be my first one," said [parent].
     - [Parent] understood. "You were that small, too," said [parent] and showed [hero] a picture.
     - "A baby needs a big {?girl:sister|brother}," said [parent]. "You can do things that nobody else can do."`,
    `- One day, [baby.name] cried and cried. Nobody could stop it. Then [hero] [calm]. And look, the baby laughed!
     - The next day, the baby would not stop crying. [Hero] [calm]. At once it was quiet and looked at [hero] with big eyes.
     - When [baby.name] cried again, [hero] went to the little bed and [calm]. The baby stopped crying and smiled for the first time.
     - Then [hero] was alone with the baby for a moment. It began to cry. [Hero] [calm], and the baby became calm.`,
    `- "You did that very well!" said [parent]. "[Baby.name] loves you."
     - The baby held [hero.his] finger with its tiny hand and did not let go.
     - [Parent] was amazed. "Nobody can do it like you," said [parent].
     - From that moment on, [hero] loved the baby very much.`,
    maybe(
      0.7,
      `- [Hero] gave the baby [hero.his] [thing] to sleep with.
     - "When you are bigger, I will show you everything," [hero] whispered to the baby.
     - After that, [hero] helped every day.
     - Now they were a real family of many.
     - In the evening, [parent] read a story, and both of them listened.`,
    ),
  ],
  moral:
    'there is enough love for everyone|even a small child can be a big help|a heart can always grow bigger|being big can be wonderful',
  feelings: 'proud|loved|happy|important',
  questions: `
    What was the name of the baby? = The name of the baby was [baby.name].
    What did [hero.full] do when the baby cried? = [Hero.full] [calm].
    Why was [hero.full] sad at first? = Nobody had time for [hero.full].`,
}

export const surprise: Plot = {
  name: 'surprise',
  cast: { guest: 'parent|grand|friend|older', helper: 'younger|friend' },
  foods: { cake: 'baked' },
  things: { thing: 'make' },
  want: 'thing',
  beats: [
    `- Soon it would be the birthday of [guest]. [Hero] wanted to give [guest.him] something special.
     - [Day], [hero] remembered that it was [guest.s] birthday the next day. But [hero.he] had no present!
     - Tomorrow was the birthday of [guest]. "I have no money," thought [hero]. "What can I give?"
     - [Day], [hero] said to [helper], "Let us make a surprise for the birthday of [guest]!"`,
    `- "I can make something myself," [hero] thought. "I will make [thing.a]!"
     - After a lot of thinking, [hero] had $idea: [thing.a], made by hand.
     - [Hero] and [helper] decided to make [thing.a].
     - "What would [guest.name] like?" asked [helper]. "[Thing.A]!" said [hero].`,
    `- It had to be a secret. [Hero] worked in the evening, when nobody was looking.
     - They closed the door and got to work. "Do not tell anyone," whispered [hero].
     - [Hero] needed a whole day for it. It was not easy, but it became better and better.
     - [Hero] cut and glued and painted. There was color on [hero.his] nose and on [hero.his] hands.
     - [Helper] helped [hero]. First it did not look right, so they began again.`,
    either(
      [
        `- $atonce, there was a knock at the door. "What are you doing in there?" asked [guest]. "Nothing!" cried [hero] and sat down on top of it.
         - Then [guest] came in. Quickly, [hero] threw a blanket over it. "Why is your face so red?" asked [guest].
         - Once, [guest] almost saw it. [Hero] hid it behind [hero.his] back just in time.`,
      ],
      [
        `- But then [helper] almost told the secret. "We have a s...," began [helper]. "Shhh!" said [hero].
         - The night before, [hero] could not sleep. Would [guest] like it?
         - On the last evening, [hero] and [helper] even made [cake], because a birthday needs something sweet.`,
      ],
    ),
    `- Then the day came. [Guest] opened the door, and everyone shouted, "Surprise!"
     - In the morning, [hero] stood at the bed of [guest] and sang a birthday song.
     - At last it was the right moment. "Close your eyes," said [hero] to [guest], "and hold out your hands."
     - When [guest] came into the room, there was a candle on the table. "Happy birthday!" cried [hero].`,
    `- [Guest] opened the present. It was [thing.a]! "Did you make this yourself?" asked [guest].
     - [Guest] looked at the [thing] for a long time. "It is the most beautiful present I have ever got," said [guest].
     - When [guest] saw the [thing], there were tears in [guest.own] eyes. They were tears of joy.
     - "A [thing]!" said [guest]. "That is just what I wanted."
     - "For me?" asked [guest] and looked at the [thing]. [Hero] nodded and could not stop smiling.`,
    `- Then they all ate [cake] and sang.
     - [Guest] $hug [hero] and did not let go for a long time.
     - The [thing] got the best place in the house.
     - They danced and played games until late in the evening.
     - "How could you keep such a secret?" asked [guest]. "It was very hard," said [hero].`,
  ],
  moral:
    'the best presents are made with love|a present does not have to cost money|it is fun to make others happy|giving is as nice as getting',
  feelings: 'happy|proud|glad|full of joy',
  questions: `
    What did [hero.full] make? = [Hero.full] made [thing.a].
    Whose birthday was it? = It was the birthday of [guest.full].
    Who got the [thing]? = [Guest.full] got the [thing].`,
}

export const promise: Plot = {
  name: 'promise',
  traits: 'honest|good|friendly|lively|dreamy',
  cast: { friend: 'friend|neighbor|younger|grand', other: 'friend' },
  rows: {
    promise: [
      'water the plants / watered the plants / the plants hung their heads / the flowers would die of thirst',
      'feed the fish / fed the fish / the fish waited at the glass / the fish would be hungry',
      'bring back the book / brought back the book / the book lay by the door / the book was needed that day',
      'help in the garden / helped in the garden / the weeds were high / the work was too much for one',
      'look after the hens / gave corn to the hens / the hens were restless / the fox might come at night',
      'come to tea / came to tea / the table was set for two / the tea would get cold',
      'help carry the wood / carried the wood / the wood lay in front of the house / the rain would make the wood wet',
      'feed the cat / fed the cat / the cat sat at the door and meowed / the cat had not eaten all day',
      'practice for the play / practiced for the play / the costumes were ready / nobody else knew the part',
      'read a story / read a story / the book was already open / somebody was waiting in bed',
      'keep a seat on the bench / kept a seat on the bench / the bench was still empty / somebody would have to stand',
      'mend the fence / mended the fence / there was a big hole in the fence / the sheep would run away',
    ],
    lure: [
      'go to the fair',
      'swim in the lake',
      'have some ice cream',
      'play hide and seek',
      'see the new puppies',
      'go to the circus',
      'pick berries in the woods',
      'look at a rainbow from the hill',
      'ride on a wagon',
      'go to a party',
      'watch a boat race',
    ],
  },
  want: 'promise',
  beats: [
    `- [Day], [friend] asked [hero] to [promise]. "I promise," said [hero].
     - [Hero] had promised [friend] to [promise].
     - "Can you [promise] today?" asked [friend]. "Of course," said [hero]. "I promise."
     - [Day], [hero] gave [friend] [hero.own] word to [promise] before the evening.`,
    `- But then [other] came by. "Do you want to [lure] with me?" asked [other].
     - On the way, [hero] met [other]. "Come with me," said [other]. "We can [lure]!"
     - Just when [hero] wanted to go, [other] came running. "Let us [lure]!" cried [other].
     - An hour later, [other] stood at the door. "We are going to [lure]. Are you coming?"`,
    `- [Hero] wanted to go so much! "The promise can wait," [hero.he] thought.
     - Oh, how [hero] wanted to [lure]! But what about the promise?
     - [Hero] did not know what to do. [Hero.He] loved to [lure].
     - "I can do the other thing later," thought [hero] and took a few steps.`,
    either(
      [
        `- So [hero] went along. It was nice, but [hero.he] could not really enjoy it. [Hero.He] thought of [friend] all the time. {!late}
         - [Hero] went with [other] and forgot everything. Only when the sun went down did [hero.he] remember the promise. {!late}
         - For a while [hero] had fun. But then [hero.he] began to think: [promise.d]. {!late}`,
        `- "I have to go!" [hero] cried and ran as fast as [hero.he] could. When [hero.he] got there, [promise.c].
         - [Hero] said goodbye and ran all the way. [Promise.C], but it was not too late.
         - "I gave my word," said [hero] and turned around. Out of breath, [hero.he] came to the place. [Promise.C].`,
        `- "I am sorry that I am late," said [hero] and [promise.b] at once. "I am glad that you came," said [friend].
         - [Hero] told [friend] the truth and then [promise.b]. [Friend] forgave [hero.him].
         - Quickly, [hero] [promise.b]. [Friend] saw it and $smiled.`,
      ],
      [
        `- But then [hero] thought: [promise.d]. "No," [hero.he] said to [other]. "I gave my word."
         - "I am sorry, I cannot come," said [hero]. "I promised to help, and a promise is a promise."
         - It was hard, but [hero] said no. "First I must do what I promised," [hero.he] said.`,
        `- [Hero] went to [friend]. [Promise.C]. [Hero.He] [promise.b] and did it well.
         - So [hero] [promise.b], just as [hero.he] had promised.
         - [Hero] [promise.b], although it took a long time.`,
        `- "I knew that I could count on you," said [friend].
         - When [other] heard why, [other.he] came, too. With four hands, it was done in no time. Then there was still time to [lure].
         - [Friend] was so happy. "Now go and play," said [friend]. So [hero] could [lure] after all.`,
      ],
    ),
    maybe(
      0.5,
      `- "I can count on you," said [friend].
     - [Friend] gave [hero] [snack.some], and they sat together for a while.
     - $fromthen, [hero] always did first what [hero.he] had promised.
     - [Hero] slept well that night.`,
    ),
  ],
  foods: { snack: 'snack' },
  moral:
    'a promise must be kept|one should do first what one has promised|it feels good when others can count on one|a word is a word',
  feelings: 'proud|good|relieved|happy',
  questions: `
    What did [hero.full] promise? = [Hero.full] promised to [promise].
    Who did [hero.full] give the promise to? = [Hero.full] gave the promise to [friend.full].
    What did [other.full] want to do? = [Other.full] wanted to [lure].
    late: Did [hero.full] come too late? = No, it was not too late.`,
}

export const bedtime: Plot = {
  name: 'bedtime',
  time: 'evening',
  hero: 'child',
  traits: 'lively|curious|wide-awake|busy|merry',
  cast: { parent: 'parent|grand|older' },
  things: { thing: 'toy soft' },
  rows: {
    dream: [
      'a ship that sailed through the clouds / sailed to the moon and back',
      'a forest where the trees could talk / asked the oldest tree its name',
      'a train that ran over the rainbow / sat in the first seat',
      'a castle made of cookies / ate a little bit of the door',
      'a whale that could sing / rode on its back through the waves',
      'a garden full of stars / picked one and put it in a pocket',
      'a bird with golden feathers / flew with it over the roofs',
      'a bear who baked pancakes / helped to turn them over',
      'an island full of friendly lions / taught them to play ball',
      'a staircase up to the sky / counted a thousand steps',
      'a snowman who was never cold / danced in the snow all night',
      'a tiny door in the wall / went in and met a family of mice',
    ],
  },
  want: 'dream',
  beats: [
    `- It was late, but [hero] did not want to go to bed. "I am not tired at all," [hero.he] said.
     - One evening, [parent] said, "It is time for bed." "Already?" asked [hero].
     - One night, [hero] could not fall asleep. [Hero.He] turned to the left and to the right.
     - One evening, [hero] lay in bed with open eyes. Sleep did not come.`,
    `- "I am thirsty," said [hero]. [Parent] brought a glass of water.
     - "I need my [thing]," said [hero]. [Parent] looked for it and found it under the chair.
     - "There is something under my bed," said [hero]. [Parent] looked. There was only dust.
     - First [hero] wanted some water, then a kiss, and then another kiss.`,
    some(
      1,
      2,
      `- "Why is the moon so round tonight?" asked [hero]. "It has had a good dinner," said [parent].
     - "Do fish sleep, too?" asked [hero]. "Yes, with open eyes," said [parent].
     - "Can you count all the stars?" asked [hero]. "I fall asleep before I get to a hundred," said [parent].
     - "Where does the sun go at night?" asked [hero]. "It shines for the children on the other side of the world," said [parent].
     - [Hero] counted sheep. But at number twelve, the sheep began to dance.
     - Outside, the wind was humming a song in the trees.`,
    ),
    `- "Close your eyes," said [parent], "and I will tell you about [dream]."
     - [Parent] sat down on the bed and began to tell a story. It was about [dream].
     - "Imagine [dream]," said [parent] in a soft voice.
     - "Do you know the story of [dream]?" asked [parent]. [Hero] shook [hero.his] head and listened.`,
    `- [Hero] held [hero.his] [thing] and listened. Soon [hero.his] eyes grew heavy.
     - The voice of [parent] became softer and softer. [Hero] yawned.
     - [Hero] wanted to hear the end. But [hero.his] eyes closed all by themselves.
     - "And then?" asked [hero], but [hero.his] voice was already very sleepy.`,
    `- And in [hero.his] dream, [hero] saw [dream]. [Hero.He] [dream.b].
     - Then [hero] was asleep. [Hero.He] dreamed of [dream] and [dream.b].
     - When [parent] turned off the light, [hero] was far away. In the dream, [hero.he] [dream.b].
     - That night, [hero] [dream.b], but only in a dream.`,
    `- "Good night," whispered [parent] and closed the door.
     - In the morning, the sun woke [hero]. "I had the most wonderful dream," [hero.he] said.
     - The moon looked through the window and smiled.
     - The next evening, [hero] was the first one in bed. "Tell me more about [dream.the]!" [hero.he] said.
     - "You see, you were tired after all," said [parent] the next morning.`,
  ],
  moral:
    'good dreams come to those who close their eyes|a story can be the way into a dream|everyone needs sleep|one can travel far without leaving the bed',
  feelings: 'calm|safe|cozy|happy',
  questions: `
    What was the story about? = The story was about [dream].
    Who told the story? = [Parent.full] told the story.
    What did [hero.full] do in the dream? = [Hero.full] [dream.b].`,
}
